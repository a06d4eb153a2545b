/* SPDX-License-Identifier: Apache-2.0 */
/* How runtime.h is made of lambda.h and runtime_api.h. It includes this at its end; programs do not. */
#ifndef AWS_LAMBDA_RUNTIME_DETAIL_RUNTIME_H
#define AWS_LAMBDA_RUNTIME_DETAIL_RUNTIME_H

#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <new>
#include <typeinfo>

#include <aws/lambda-runtime/runtime.h>
#include <aws/logging/logging.h>
#include <lambda-iam-c/json.h>
#include <lambda-iam-c/lambda.h>
#include <lambda-iam-c/runtime_api.h>

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define AWS_LAMBDA_RUNTIME_EXCEPTIONS 1
#else
#define AWS_LAMBDA_RUNTIME_EXCEPTIONS 0
#endif

namespace aws {
namespace lambda_runtime {
namespace detail {

using handler_function = std::function<invocation_response(invocation_request const &)>;

inline ::str make_view(char const *p, std::size_t n) {
    ::str s;
    s.p = p;
    s.n = n;
    return s;
}

inline ::str view(std::string const &s) {
    return make_view(s.data(), s.size());
}

inline ::str view_or_absent(std::string const &s) {
    return s.empty() ? make_view(nullptr, 0) : view(s);
}

inline std::string text(::str s) {
    return s.p ? std::string(s.p, s.n) : std::string();
}

/* A view of a copy that lives as long as the invocation; absent if there is no memory left. */
inline ::str keep(::lambda_invocation const &inv, ::str s) {
    char const *copy = s.p ? ::arena_copy(inv.arena, s) : nullptr;
    return make_view(copy, copy ? s.n : 0);
}

inline std::chrono::time_point<std::chrono::system_clock> time_of(std::int64_t unix_ms) {
    using clock = std::chrono::system_clock;
    using std::chrono::milliseconds;
    clock::time_point const last = clock::time_point::max();
    if (unix_ms >= std::chrono::duration_cast<milliseconds>(last.time_since_epoch()).count()) return last;
    return clock::time_point(std::chrono::duration_cast<clock::duration>(milliseconds(unix_ms)));
}

inline invocation_request request_of(::lambda_invocation const &inv) {
    invocation_request request;
    request.payload = text(inv.payload);
    request.request_id = text(inv.request_id);
    request.xray_trace_id = text(inv.trace_id);
    request.client_context = text(inv.client_context);
    request.cognito_identity = text(inv.cognito_identity);
    request.function_arn = text(inv.invoked_function_arn);
    request.content_type = text(inv.content_type);
    request.tenant_id = text(inv.tenant_id);
    request.invocation_id = text(inv.invocation_id);
    request.deadline = time_of(inv.deadline_ms);
    return request;
}

/* Views into r. */
inline ::lambda_failure failure_of(runtime_response const &r) {
    ::lambda_failure failure = ::lambda_failure();
    failure.body = view(r.get_payload());
    failure.content_type = view_or_absent(r.get_content_type());
    failure.xray_error_cause = view_or_absent(r.get_xray_response());
    return failure;
}

inline ::lambda_failure failure_of(invocation_response const &r) {
    ::lambda_failure failure = failure_of(static_cast<runtime_response const &>(r));
    failure.error_message = view_or_absent(r.get_error_message());
    failure.error_type = view_or_absent(r.get_error_type());
    return failure;
}

inline ::lambda_failure keep(::lambda_invocation const &inv, ::lambda_failure failure) {
    failure.body = keep(inv, failure.body);
    failure.content_type = keep(inv, failure.content_type);
    failure.xray_error_cause = keep(inv, failure.xray_error_cause);
    failure.error_message = keep(inv, failure.error_message);
    failure.error_type = keep(inv, failure.error_type);
    return failure;
}

/* Adds s as a JSON string; an empty one if there is no memory for it. */
inline void add_json(std::string &out, std::string const &s) {
    struct scratch : ::arena {
        explicit scratch(std::size_t limit_) {
            ::arena_init(this, limit_);
        }
        ~scratch() {
            ::arena_close(this);
        }
    };
    std::size_t const longest = s.size() * 6 + 2; /* every byte as \u00XX, and the quotes */
    scratch memory(longest * 4 + 65536);          /* a growing buf leaves its smaller selves behind */
    ::buf json;
    ::err e;
    ::buf_init(&json, longest, &memory);
    ::json_write_text(&json, view(s));
    out += ::buf_ok(&json, &e) ? text(::buf_str(&json)) : "\"\"";
}

inline bool answer(handler_function const &handler, ::lambda_invocation const &inv, ::buf *reply, ::err *e) {
    invocation_response const response = handler(request_of(inv));
    if (response.is_success()) {
        ::lambda_set_content_type(&inv, keep(inv, view_or_absent(response.get_content_type())));
        ::buf_add(reply, view(response.get_payload()));
        return true;
    }
    ::lambda_failure const failure = keep(inv, failure_of(response));
    ::lambda_set_failure(&inv, &failure);
    char const *message = response.get_error_message().c_str();
    return ::err_set(e, ::ERR_HANDLER, "%s", *message ? message : "the handler returned a failure");
}

#if AWS_LAMBDA_RUNTIME_EXCEPTIONS
/* Throws nothing itself: memory may be what is missing. */
inline bool thrown(::lambda_invocation const &inv, char const *message, ::err *e) {
    ::lambda_failure failure = ::lambda_failure();
    std::type_info const *type = abi::__cxa_current_exception_type();
    char *name = type ? abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr) : nullptr;
    failure.error_message = keep(inv, ::str_of(message));
    failure.error_type = keep(inv, ::str_of(name ? name : "Function.Exception"));
    std::free(name);
    ::lambda_failure const kept = failure;
    ::lambda_set_failure(&inv, &kept);
    return ::err_set(e, ::ERR_HANDLER, "%s", message);
}
#endif

inline bool handle(void *user, ::lambda_invocation const *inv, ::buf *reply, ::err *e) {
    handler_function const &handler = *static_cast<handler_function const *>(user);
#if AWS_LAMBDA_RUNTIME_EXCEPTIONS
    try {
        return answer(handler, *inv, reply, e);
    } catch (std::exception const &x) {
        return thrown(*inv, x.what(), e);
    } catch (...) {
        return thrown(*inv, "the handler threw a value that is no std::exception", e);
    }
#else
    return answer(handler, *inv, reply, e);
#endif
}

} // namespace detail

inline invocation_response invocation_response::failure(std::string const &error_message, std::string const &error_type,
                                                        std::string const &xray_response) {
    invocation_response r;
    r.m_payload = "{\"errorMessage\":";
    detail::add_json(r.m_payload, error_message);
    r.m_payload += ",\"errorType\":";
    detail::add_json(r.m_payload, error_type);
    r.m_payload += ",\"stackTrace\":[]}";
    r.m_content_type = "application/json";
    r.m_xray_response = xray_response;
    r.m_error_message = error_message;
    r.m_error_type = error_type;
    return r;
}

struct runtime::session {
    ::runtime_api *api;
    ::arena memory;
    std::string request_id, invocation_id; /* of the last event */

    session(std::string const &endpoint, std::string const &user_agent) : api(nullptr) {
        static char const scheme[] = "http://";
        std::size_t const skip = endpoint.compare(0, sizeof scheme - 1, scheme) == 0 ? sizeof scheme - 1 : 0;
        ::str const host_port = detail::make_view(endpoint.data() + skip, endpoint.size() - skip);
        ::err e;
        ::arena_init(&memory, std::size_t(96) << 20);
        if (!::runtime_api_open(host_port, detail::view_or_absent(user_agent), &api, &e)) {
            api = nullptr;
            logging::log_error("LAMBDA_RUNTIME", "%s", e.msg);
        }
    }
    ~session() {
        ::runtime_api_close(api);
        ::arena_close(&memory);
    }
    session(session const &) = delete;
    session &operator=(session const &) = delete;

    ::lambda_invocation invocation(std::string const &of_request, std::string const &given_id) const {
        ::lambda_invocation inv = ::lambda_invocation();
        inv.request_id = detail::view(of_request);
        if (!given_id.empty()) inv.invocation_id = detail::view(given_id);
        else if (of_request == request_id) inv.invocation_id = detail::view_or_absent(invocation_id);
        return inv;
    }

    http::response_code failed(::err const &e) const {
        logging::log_error("LAMBDA_RUNTIME", "%s", e.msg);
        int const status = e.kind == ::ERR_LIMIT ? 413 : ::runtime_api_status(api); /* Lambda's word for "too large" */
        return status < 300 ? http::response_code::REQUEST_NOT_MADE : static_cast<http::response_code>(status);
    }

    post_outcome posted(bool ok, ::err const &e) const {
        if (!ok) return failed(e);
        return no_result();
    }
};

inline runtime::runtime(std::string const &endpoint, std::string const &user_agent)
    : m_session(new session(endpoint, user_agent)) {}

inline runtime::runtime(std::string const &endpoint) : runtime(endpoint, std::string()) {}

inline runtime::~runtime() {
    delete m_session;
}

inline runtime::next_outcome runtime::get_next() {
    ::lambda_invocation inv;
    ::err e;
    if (!m_session->api) return http::response_code::REQUEST_NOT_MADE;
    ::arena_reset(&m_session->memory);
    if (!::runtime_api_next(m_session->api, &inv, &m_session->memory, &e)) return m_session->failed(e);
    invocation_request request = detail::request_of(inv);
    m_session->request_id = request.request_id;
    m_session->invocation_id = request.invocation_id;
    return next_outcome(std::move(request));
}

inline runtime::post_outcome runtime::post_success(std::string const &request_id,
                                                   invocation_response const &handler_response,
                                                   std::string const &invocation_id) {
    ::err e;
    if (!m_session->api) return http::response_code::REQUEST_NOT_MADE;
    ::lambda_invocation const inv = m_session->invocation(request_id, invocation_id);
    bool const ok =
        ::runtime_api_response(m_session->api, &inv, detail::view_or_absent(handler_response.get_content_type()),
                               detail::view(handler_response.get_payload()), &e);
    return m_session->posted(ok, e);
}

inline runtime::post_outcome runtime::post_failure(std::string const &request_id,
                                                   invocation_response const &handler_response,
                                                   std::string const &invocation_id) {
    ::err e;
    if (!m_session->api) return http::response_code::REQUEST_NOT_MADE;
    ::lambda_invocation const inv = m_session->invocation(request_id, invocation_id);
    ::lambda_failure const failure = detail::failure_of(handler_response);
    bool const ok = ::runtime_api_error(m_session->api, &inv, &failure, &e);
    return m_session->posted(ok, e);
}

inline runtime::post_outcome runtime::post_init_error(runtime_response const &init_error_response) {
    ::err e;
    if (!m_session->api) return http::response_code::REQUEST_NOT_MADE;
    ::lambda_failure const failure = detail::failure_of(init_error_response);
    bool const ok = ::runtime_api_init_error(m_session->api, &failure, &e);
    return m_session->posted(ok, e);
}

inline void run_handler(detail::handler_function const &handler) {
    ::lambda_program program = ::lambda_program();
    program.handle = detail::handle;
    program.user = const_cast<detail::handler_function *>(&handler);
    int const code = ::lambda_run(&program);
    if (code != 0) std::exit(code);
}

} // namespace lambda_runtime
} // namespace aws

#undef AWS_LAMBDA_RUNTIME_EXCEPTIONS

#endif
