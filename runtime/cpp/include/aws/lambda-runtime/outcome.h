/* SPDX-License-Identifier: Apache-2.0 */
/* A result or the reason why there is none. */
#ifndef AWS_LAMBDA_RUNTIME_OUTCOME_H
#define AWS_LAMBDA_RUNTIME_OUTCOME_H

#include <cassert>
#include <new>
#include <type_traits>
#include <utility>

namespace aws {
namespace lambda_runtime {

template <typename TResult, typename TFailure> class outcome {
  public:
    outcome(TResult const &result) : m_result(result), m_success(true) {}
    outcome(TResult &&result) : m_result(std::move(result)), m_success(true) {}
    outcome(TFailure const &failure) : m_failure(failure), m_success(false) {}
    outcome(TFailure &&failure) : m_failure(std::move(failure)), m_success(false) {}

    outcome(outcome const &other) : m_success(other.m_success) {
        if (m_success) new (&m_result) TResult(other.m_result);
        else new (&m_failure) TFailure(other.m_failure);
    }

    outcome(outcome &&other) noexcept(moves_without_throwing()) : m_success(other.m_success) {
        take(other);
    }

    /* By value: the copy, which can throw, is made before anything here is given up. */
    outcome &operator=(outcome other) noexcept(moves_without_throwing()) {
        destroy();
        m_success = other.m_success;
        take(other);
        return *this;
    }

    ~outcome() {
        destroy();
    }

    bool is_success() const {
        return m_success;
    }

    /* Only after is_success() was true. */
    TResult const &get_result() const & {
        assert(m_success);
        return m_result;
    }
    TResult &&get_result() && {
        assert(m_success);
        return std::move(m_result);
    }

    /* Only after is_success() was false. */
    TFailure const &get_failure() const & {
        assert(!m_success);
        return m_failure;
    }
    TFailure &&get_failure() && {
        assert(!m_success);
        return std::move(m_failure);
    }

  private:
    static constexpr bool moves_without_throwing() {
        return std::is_nothrow_move_constructible<TResult>::value &&
               std::is_nothrow_move_constructible<TFailure>::value;
    }

    void take(outcome &other) {
        if (m_success) new (&m_result) TResult(std::move(other.m_result));
        else new (&m_failure) TFailure(std::move(other.m_failure));
    }

    void destroy() {
        if (m_success) m_result.~TResult();
        else m_failure.~TFailure();
    }

    union {
        TResult m_result;
        TFailure m_failure;
    };
    bool m_success;
};

} // namespace lambda_runtime
} // namespace aws

#endif
