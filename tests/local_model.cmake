# SPDX-License-Identifier: Apache-2.0
unit(node local)
unit(template local)
unit(model local)
unit(policy local)
