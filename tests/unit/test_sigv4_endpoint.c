/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_endpoint.c: AWS's own host names say service and region; every other name says nothing. */
#include "sigv4_endpoint.h"

#include "check.h"
#include "hostile.h"

static void known(void **state) {
    (void)state;
    static const struct {
        const char *host, *service, *region;
    } cases[] = {
        {"a1b2c3.execute-api.eu-central-1.amazonaws.com", "execute-api", "eu-central-1"},
        {"a1b2c3.execute-api.us-gov-west-1.amazonaws.com", "execute-api", "us-gov-west-1"},
        {"a1b2c3.execute-api.cn-north-1.amazonaws.com.cn", "execute-api", "cn-north-1"},
        {"a1b2c3.execute-api.eusc-de-east-1.amazonaws.eu", "execute-api", "eusc-de-east-1"},
        {"a1b2c3.execute-api.us-iso-east-1.c2s.ic.gov", "execute-api", "us-iso-east-1"},
        {"a1b2c3.execute-api.us-isob-east-1.sc2s.sgov.gov", "execute-api", "us-isob-east-1"},
        {"a1b2c3.execute-api.eu-isoe-west-1.cloud.adc-e.uk", "execute-api", "eu-isoe-west-1"},
        {"a1b2c3.execute-api.us-isof-south-1.csp.hci.ic.gov", "execute-api", "us-isof-south-1"},
        {"a1b2c3.execute-api.us-east-1.api.aws", "execute-api", "us-east-1"},
        {"a1b2c3.execute-api.cn-north-1.api.amazonwebservices.com.cn", "execute-api", "cn-north-1"},
        {"a1b2c3.execute-api.eusc-de-east-1.api.amazonwebservices.eu", "execute-api", "eusc-de-east-1"},
        {"a1b2c3-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com", "execute-api", "us-east-1"},
        {"vpce-0123-abc.execute-api.us-east-1.vpce.amazonaws.com", "execute-api", "us-east-1"},
        {"vpce-0123-abc-us-east-1a.execute-api.us-east-1.vpce.amazonaws.com", "execute-api", "us-east-1"},
        {"vpce-0123-abc.execute-api.cn-north-1.vpce.amazonaws.com.cn", "execute-api", "cn-north-1"},
        {"a1b2c3.execute-api.eu-central-1.localhost", "execute-api", "eu-central-1"},
        {"a1b2c3.execute-api.anywhere.localhost", "execute-api", "anywhere"},
        {"A1B2C3.Execute-API.eu-central-1.AmazonAWS.com", "execute-api", "eu-central-1"},
        {"abcdef.lambda-url.ap-southeast-7.on.aws", "lambda", "ap-southeast-7"},
        {"abcdef.lambda-url.us-east-1.localhost", "lambda", "us-east-1"},
        {"abcdef.Lambda-URL.anywhere.LocalHost", "lambda", "anywhere"},
        {"svc-0123.7d67968.vpc-lattice-svcs.us-west-2.on.aws", "vpc-lattice-svcs", "us-west-2"},
        {"abcdef.appsync-api.eu-west-1.amazonaws.com", "appsync", "eu-west-1"},
        {"abcdef.appsync-api.cn-northwest-1.amazonaws.com.cn", "appsync", "cn-northwest-1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str service = {0}, region = {0};
        if (!sigv4_endpoint_infer(str_of(cases[i].host), &service, &region)) fail_msg("%s is not known", cases[i].host);
        check_str(service, str_of(cases[i].service));
        check_str(region, str_of(cases[i].region));
    }
}

static const char *const STRANGERS[] = {
    "",
    ".",
    "...",
    "api.example.com",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "execute-api.eu-central-1.amazonaws.com",
    "sts.eu-central-1.amazonaws.com",
    "a.execute-api.eu-central-1",
    "a.execute-api.eu-central-1.",
    "a.execute-api.eu-central-1.com",
    "a.execute-api.eu-central-1.amazonaws",
    "a.execute-api.eu-central-1.amazonaws.com.",
    "a.execute-api.eu-central-1.amazonaws.com:443",
    "a.execute-api.eu-central-1.amazonaws.com.evil.com",
    "a.execute-api.eu-central-1.evil.com",
    "a.execute-api.eu-central-1.evilamazonaws.com",
    "a.execute-api.eu-central-1.x.amazonaws.com",
    "a.execute-api.eu-central-1.on.aws",
    "a.execute-api.eu-central-1.localhost.evil.com",
    "a.execute-api.Anywhere.localhost",
    "a.execute-api..localhost",
    "a.execute-api.eu-central-1.vpce.localhost",
    "a.execute-api.eu-central-1.vpce.evil.com",
    "a.execute-api.eu-central-1.vpce.api.aws",
    ".execute-api.eu-central-1.amazonaws.com",
    "a_b.execute-api.eu-central-1.amazonaws.com",
    "a%2e.execute-api.eu-central-1.amazonaws.com",
    "x.a.execute-api.eu-central-1.amazonaws.com",
    "a.xexecute-api.eu-central-1.amazonaws.com",
    "a.execute-api..amazonaws.com",
    "a.execute-api.amazonaws.com",
    "a.execute-api.EU-CENTRAL-1.amazonaws.com",
    "a.execute-api.eu-central.amazonaws.com",
    "a.execute-api.eu-central-.amazonaws.com",
    "a.execute-api.eu--1.amazonaws.com",
    "a.execute-api.-eu-central-1.amazonaws.com",
    "a.execute-api.eu-central-123.amazonaws.com",
    "a.execute-api.eu-1.amazonaws.com",
    "a.execute-api.eu/x-central-1.amazonaws.com",
    "a.lambda-url.us-east-1.amazonaws.com",
    "a.lambda-url.us-east-1.on.aws.evil.com",
    "a.lambda-url.us-east-1.localhost.evil.com",
    "a.lambda-url.us-east-1.on.localhost",
    "a.lambda-url..localhost",
    "a.lambda-url.localhost",
    ".lambda-url.us-east-1.localhost",
    "x.a.lambda-url.us-east-1.localhost",
    "a.vpc-lattice-svcs.us-west-2.localhost",
    "a.appsync-api.us-west-2.localhost",
    "x.a.lambda-url.us-east-1.on.aws",
    "svc.vpc-lattice-svcs.us-west-2.on.aws",
    "svc..vpc-lattice-svcs.us-west-2.on.aws",
    "svc.x.vpc-lattice-svcs.us-west-2.amazonaws.com",
    "a.appsync-api.eu-west-1.on.aws",
};

static void unknown(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof STRANGERS / sizeof *STRANGERS; i++) {
        struct str service = STR("given"), region = STR("before");
        if (sigv4_endpoint_infer(str_of(STRANGERS[i]), &service, &region))
            fail_msg("%s is taken for %.*s in %.*s", STRANGERS[i], STR_ARG(service), STR_ARG(region));
        check_text(service, "given");
        check_text(region, "before");
    }
    struct str service, region;
    assert_false(sigv4_endpoint_infer((struct str){0}, &service, &region));
    assert_false(sigv4_endpoint_infer((struct str){"a.execute-api.eu-central-1.localhost\0x", 38}, &service, &region));
}

static void whole_only(struct str piece, bool whole, void *user) {
    (void)user;
    struct str service, region;
    assert_int_equal(sigv4_endpoint_infer(piece, &service, &region), whole);
}

static void prefixes(void **state) {
    (void)state;
    hostile_prefixes(STR("vpce-1.execute-api.us-east-1.vpce.amazonaws.com"), whole_only, NULL);
    hostile_prefixes(STR("svc-1.x.vpc-lattice-svcs.us-west-2.on.aws"), whole_only, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("AWS's host names say service and region in every partition", known),
        CASE("a name that is not AWS's to the last label says nothing", unknown),
        CASE("a name that was cut says nothing", prefixes),
    };
    return cmocka_run_group_tests_name("sigv4_endpoint", tests, NULL, NULL);
}
