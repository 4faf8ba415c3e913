// Asks the libtensorflow_framework that is named to open CUDA's libraries as it does before it takes a GPU.
// Only with a driver is there more to be had; the status of absl that comes back is 1 where all went well.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>

int main(int count, char **arguments) {
  void *tensorflow = count == 2 ? dlopen(arguments[1], RTLD_NOW) : nullptr;
  void *check = tensorflow ? dlsym(tensorflow, "_ZN3tsl8internal9DsoLoader26MaybeTryDlopenGPULibrariesEv") : nullptr;
  if (!check) return std::fprintf(stderr, "%s\n", dlerror()), 2;

  std::uintptr_t status[8] = {};  // returned through a hidden pointer, since it has a destructor
  reinterpret_cast<void (*)(std::uintptr_t *)>(check)(status);
  std::puts(status[0] == 1 ? "TensorFlow opened all libraries of CUDA" : "TensorFlow misses libraries of CUDA");
  return status[0] == 1 ? 0 : 1;
}
