// Filters TensorFlow's log, and is loaded just before it. Its framework library reads the environment and logs to stderr
// while it is being loaded, which is too early for TF_CPP_MIN_LOG_LEVEL; and in a worker thread process.env is a copy that
// the library never sees.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>

NAPI_MODULE_INIT() {
  // Values set by the user win. prepare-tensorflow.ts says why these are the defaults.
  setenv("TF_ENABLE_ONEDNN_OPTS", "1", 0);
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  if (std::atoi(std::getenv("TF_CPP_MIN_LOG_LEVEL")) < 1) return exports;

  // A failure here happens again, and is reported then, when tfjs-node's addon loads the same library.
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int standard_error = dup(STDERR_FILENO);
  if (nowhere >= 0 && standard_error >= 0) {
    dup2(nowhere, STDERR_FILENO);
    dlopen("libtensorflow_framework.so.2", RTLD_NOW);
    dup2(standard_error, STDERR_FILENO);
  }
  if (nowhere >= 0) close(nowhere);
  if (standard_error >= 0) close(standard_error);
  return exports;
}
