// Loaded just before TensorFlow, whose library reads the environment and writes to stderr while it is being loaded:
// too early for TF_CPP_MIN_LOG_LEVEL, and in a worker thread process.env is a copy that the library never sees.
#include <node_api.h>

#include <cstdlib>

// Of the Abseil inside libtensorflow_framework; the headers that declare it number in the hundreds.
namespace absl {
inline namespace lts_20250814 {
enum class LogSeverityAtLeast : int;
void SetMinLogLevel(LogSeverityAtLeast);
}  // namespace lts_20250814
}  // namespace absl

NAPI_MODULE_INIT() {
  // Not over what the user has set. Why these: before-tensorflow.ts.
  setenv("TF_ENABLE_ONEDNN_OPTS", "1", 0);
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  absl::SetMinLogLevel(
      static_cast<absl::LogSeverityAtLeast>(std::atoi(std::getenv("TF_CPP_MIN_LOG_LEVEL"))));
  return exports;
}
