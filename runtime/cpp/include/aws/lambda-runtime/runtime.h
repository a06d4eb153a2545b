/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of AWS's C++ runtime, aws-lambda-cpp (0.2 and 1.0), over lambda.h: programs written for it build and run as
   they are. What differs is that a handler may throw, and that a runtime that has lost its environment exits with 1.
   C++11, with or without exceptions and RTTI. https://github.com/awslabs/aws-lambda-cpp */
#ifndef AWS_LAMBDA_RUNTIME_RUNTIME_H
#define AWS_LAMBDA_RUNTIME_RUNTIME_H

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <aws/http/response.h>
#include <aws/lambda-runtime/outcome.h>

namespace aws {
namespace lambda_runtime {

/* One event. Header fields that did not come are empty. */
struct invocation_request {
    std::string payload;
    std::string request_id;
    std::string xray_trace_id;
    std::string client_context;   /* JSON text */
    std::string cognito_identity; /* JSON text */
    std::string function_arn;
    std::string content_type;
    std::string tenant_id;
    std::string invocation_id; /* of this delivery; a request that is delivered again has another one */
    std::chrono::time_point<std::chrono::system_clock> deadline; /* time_point::max() when there is none */

    /* Until Lambda ends this invocation; negative afterwards. */
    std::chrono::milliseconds get_time_remaining() const {
        using namespace std::chrono;
        return duration_cast<milliseconds>(deadline - system_clock::now());
    }
};

/* What is posted; by itself the body of an init error. */
class runtime_response {
  public:
    /* xray_response: the cause for X-Ray, one line of JSON; empty: one is made. */
    runtime_response(std::string const &payload, std::string const &content_type, std::string const &xray_response)
        : m_payload(payload), m_content_type(content_type), m_xray_response(xray_response) {}

    std::string const &get_payload() const {
        return m_payload;
    }
    std::string const &get_content_type() const {
        return m_content_type;
    }
    std::string const &get_xray_response() const {
        return m_xray_response;
    }

  protected:
    runtime_response() = default;

    std::string m_payload;
    std::string m_content_type;
    std::string m_xray_response;
};

/* What a handler returns. */
class invocation_response : public runtime_response {
  public:
    /* For an error body of the program's own; success() and failure() do for the rest. An empty content_type is
       application/json. */
    invocation_response(std::string const &payload, std::string const &content_type, bool success,
                        std::string const &xray_response = std::string())
        : runtime_response(payload, content_type, xray_response), m_success(success) {}

    static invocation_response success(std::string payload, std::string content_type) {
        invocation_response r;
        r.m_payload = std::move(payload);
        r.m_content_type = std::move(content_type);
        r.m_success = true;
        return r;
    }

    /* {"errorMessage":...,"errorType":...,"stackTrace":[]}; what is not UTF-8 is replaced. */
    static invocation_response failure(std::string const &error_message, std::string const &error_type,
                                       std::string const &xray_response = std::string());

    bool is_success() const {
        return m_success;
    }

    /* What failure() was called with. */
    std::string const &get_error_message() const {
        return m_error_message;
    }
    std::string const &get_error_type() const {
        return m_error_type;
    }

  private:
    invocation_response() = default;

    bool m_success = false;
    std::string m_error_message;
    std::string m_error_type;
};

struct no_result {};

/* The Runtime API, for a loop of one's own. For one thread at a time. A failure is the status of the answer, or
   REQUEST_NOT_MADE when there was none, or an event without a usable request id. */
class runtime {
  public:
    using next_outcome = outcome<invocation_request, http::response_code>;
    using post_outcome = outcome<no_result, http::response_code>;

    /* endpoint: "http://" and the value of AWS_LAMBDA_RUNTIME_API. user_agent: "name/version". */
    runtime(std::string const &endpoint, std::string const &user_agent);
    runtime(std::string const &endpoint);
    ~runtime();
    runtime(runtime const &) = delete;
    runtime &operator=(runtime const &) = delete;

    next_outcome get_next();

    /* Without an invocation_id that of the last get_next() is sent, if request_id is its too. */
    post_outcome post_success(std::string const &request_id, invocation_response const &handler_response,
                              std::string const &invocation_id = std::string());
    post_outcome post_failure(std::string const &request_id, invocation_response const &handler_response,
                              std::string const &invocation_id = std::string());

    /* Before the first get_next(), and at most once; the process has to exit afterwards. */
    post_outcome post_init_error(runtime_response const &init_error_response);

  private:
    struct session;
    session *const m_session;
};

/* Serves invocations until the Runtime API ends it; then the process exits with 1, for what ends has failed. What the
   handler throws becomes the error of that invocation: what() its message, the type's name its type. With
   AWS_LAMBDA_MAX_CONCURRENCY set the handler is called from that many threads at once. */
void run_handler(std::function<invocation_response(invocation_request const &)> const &handler);

} // namespace lambda_runtime
} // namespace aws

#include <aws/lambda-runtime/detail/runtime.h>

#endif
