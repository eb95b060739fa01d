//go:build gpu

// gorgonia.org/cu asks the linker for the driver's library and, before main, ends the
// program where there is no device. So the driver's functions are defined here, each a
// jump into the library once it is opened: a program with the tag gpu starts everywhere,
// and says for itself what it lacks.

#include <dlfcn.h>
#include <stddef.h>

#include "driver_names.h"

// What a function answers before the library is opened, CUDA_ERROR_STUB_LIBRARY.
enum { absent_code = 34 };

__attribute__((visibility("hidden"))) int fusemoe_cuda_absent(void) { return absent_code; }

#if defined(__x86_64__)
#define JUMP(name) "\tjmp *fusemoe_to_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name)                         \
  "\tadrp x16, fusemoe_to_" #name "\n"     \
  "\tldr x16, [x16, :lo12:fusemoe_to_" #name "]\n" \
  "\tbr x16\n"
#else
#error "CUDA runs on amd64 and arm64 alone"
#endif

#define DEFINE(name)                                                                    \
  __attribute__((visibility("hidden"))) void *fusemoe_to_##name = fusemoe_cuda_absent; \
  __asm__(".text\n.globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" #name ":\n" JUMP(name));
DRIVER_NAMES(DEFINE)

static const struct {
  const char *name;
  void **to;
} table[] = {
#define ROW(name) {#name, &fusemoe_to_##name},
    DRIVER_NAMES(ROW)};

// cuInit is called before main. It says yes; fusemoe_cuda_open asks the driver.
__attribute__((visibility("hidden"))) int cuInit(unsigned int flags) {
  (void)flags;
  return 0;
}

const char *fusemoe_cuda_open(const char *library) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) return dlerror();
  int (*init)(unsigned int) = (int (*)(unsigned int))dlsym(handle, "cuInit");
  int (*text)(int, const char **) = (int (*)(int, const char **))dlsym(handle, "cuGetErrorString");
  if (init == NULL || text == NULL) return dlerror();
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    void *function = dlsym(handle, table[i].name);
    if (function != NULL) *table[i].to = function;
  }
  int status = init(0);
  const char *problem = NULL;
  if (status != 0 && text(status, &problem) != 0) problem = "an unknown error";
  return problem;
}
