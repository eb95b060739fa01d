// A CUDA driver that runs the kernels' own sources on the processor, one block after the
// other and the threads of a block in turns, for tests where there is no device. It shows
// that the kernels compute what they should, and nothing of their speed.

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

struct dim3 {
  unsigned x, y, z;
};

struct alignas(16) float4 {
  float x, y, z, w;
};

struct alignas(8) float2 {
  float x, y;
};

struct alignas(8) uint2 {
  unsigned x, y;
};

static float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static float2 make_float2(float x, float y) { return {x, y}; }
static int __popc(unsigned x) { return __builtin_popcount(x); }
static unsigned atomicOr(unsigned *to, unsigned x) { return std::exchange(*to, *to | x); }

template <typename To, typename From>
static To same_bits(From x) {
  To y;
  memcpy(&y, &x, sizeof y);
  return y;
}
static unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
static float __uint_as_float(unsigned x) { return same_bits<float>(x); }

static dim3 blockIdx, threadIdx, gridDim;
static void yield_thread();

#define __global__
#define __device__
#define __shared__ static
#define __syncthreads yield_thread

#include "kernels.inc"  // the sources, and KERNELS(ROW) with the names of all kernels

namespace {

constexpr int threads = 256;             // of a block, BLOCK in block.cuh
constexpr size_t stack_size = 64 << 10;  // for each thread
constexpr size_t memory = 64 << 20;      // of the device
enum { success = 0, invalid_value = 1, out_of_memory = 2, not_found = 500 };

template <typename... A, size_t... I>
void call_with(void (*f)(A...), void **arguments, std::index_sequence<I...>) {
  f(*static_cast<A *>(arguments[I])...);
}

template <typename... A>
void call(void (*f)(A...), void **arguments) {
  call_with(f, arguments, std::index_sequence_for<A...>());
}

struct kernel {
  const char *name;
  void (*run)(void **);
};

const kernel table[] = {
#define ROW(name) {#name, [](void **arguments) { call(name, arguments); }},
    KERNELS(ROW)};

// Each thread of a block has a stack of its own, made once. Jumps between them, unlike
// swapcontext, ask nothing of the system.
jmp_buf scheduler, threads_at[threads];
bool started[threads], finished[threads];
int current;
const kernel *running;
void **running_arguments;

void leave_thread() {
  if (_setjmp(threads_at[current]) == 0) _longjmp(scheduler, 1);
}

void thread_main() {
  for (;;) {
    running->run(running_arguments);
    finished[current] = true;
    leave_thread();
  }
}

void start_thread() {
  static std::vector<char> stacks(threads * stack_size);
  static ucontext_t contexts[threads];
  ucontext_t &context = contexts[current];
  getcontext(&context);
  context.uc_stack.ss_sp = &stacks[current * stack_size];
  context.uc_stack.ss_size = stack_size;
  makecontext(&context, thread_main, 0);
  started[current] = true;
  setcontext(&context);
}

void enter_thread() {
  if (_setjmp(scheduler) != 0) return;
  if (started[current]) _longjmp(threads_at[current], 1);
  start_thread();
}

// run_block lets each thread run up to its next barrier, in turns, until all are done.
void run_block() {
  for (bool &f : finished) f = false;
  for (bool more = true; more;) {
    more = false;
    for (current = 0; current < threads; current++) {
      if (finished[current]) continue;
      threadIdx = {unsigned(current), 0, 0};
      enter_thread();
      more |= !finished[current];
    }
  }
}

std::map<uintptr_t, size_t> allocated;
size_t used;

size_t pages(size_t bytes) {
  const size_t page = sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

}  // namespace

static void yield_thread() { leave_thread(); }

extern "C" {

int cuInit(unsigned) { return success; }
int cuGetErrorString(int, const char **text) { return *text = "an error of the emulator", success; }
int cuDeviceGetCount(int *n) { return *n = 1, success; }
int cuDeviceGetName(char *name, int n, int) { return strncpy(name, "emulator", n), success; }
int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = memory, success; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
  return *value = attribute == 75 ? 8 : 0, success;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
}
int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &used, success; }
int cuDevicePrimaryCtxRelease_v2(int) { return success; }
int cuCtxSetCurrent(void *) { return success; }
int cuStreamCreate(void **stream, unsigned) { return *stream = &used, success; }
int cuStreamSynchronize(void *) { return success; }
int cuStreamDestroy_v2(void *) { return success; }
int cuModuleLoadData(void **module, const void *) { return *module = &used, success; }
int cuModuleUnload(void *) { return success; }

int cuModuleGetFunction(const void **function, void *, const char *name) {
  for (const kernel &k : table)
    if (strcmp(k.name, name) == 0) return *function = &k, success;
  return not_found;
}

int cuLaunchKernel(const void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned, void *, void **arguments, void **) {
  if (gx < 1 || gy < 1 || gy > 65535 || gz != 1 || bx != threads || by != 1 || bz != 1) return invalid_value;
  running = static_cast<const kernel *>(function);
  running_arguments = arguments;
  gridDim = {gx, gy, 1};
  for (unsigned y = 0; y < gy; y++)
    for (unsigned x = 0; x < gx; x++) {
      blockIdx = {x, y, 0};
      run_block();
    }
  return success;
}

// Memory ends where a page that nobody may touch begins, and starts out as NaN.
int cuMemAlloc_v2(uintptr_t *address, size_t bytes) {
  if (used + bytes > memory) return out_of_memory;
  const size_t page = pages(1), size = pages(bytes);
  char *base = static_cast<char *>(mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (base == MAP_FAILED || mprotect(base + size, page, PROT_NONE) != 0) return out_of_memory;
  memset(base, 0xff, size);
  *address = reinterpret_cast<uintptr_t>(base) + size - bytes;
  allocated[*address] = bytes;
  used += bytes;
  return success;
}

int cuMemFree_v2(uintptr_t address) {
  const auto it = allocated.find(address);
  if (it == allocated.end()) return invalid_value;
  const size_t bytes = it->second, size = pages(bytes);
  used -= bytes;
  munmap(reinterpret_cast<char *>(address + bytes - size), size + pages(1));
  allocated.erase(it);
  return success;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) { return *free = memory - used, *total = memory, success; }

static int copy(uintptr_t to, uintptr_t from, size_t n) {
  memmove(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), n);
  return success;
}
int cuMemcpyHtoDAsync_v2(uintptr_t to, uintptr_t from, size_t n, void *) { return copy(to, from, n); }
int cuMemcpyDtoHAsync_v2(uintptr_t to, uintptr_t from, size_t n, void *) { return copy(to, from, n); }
int cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t n, void *) { return copy(to, from, n); }
int cuMemsetD32Async(uintptr_t to, unsigned value, size_t n, void *) {
  for (size_t i = 0; i < n; i++) reinterpret_cast<unsigned *>(to)[i] = value;
  return success;
}

// cuBLAS, as much of it as is called, in the same library.
int cublasCreate_v2(void **handle) { return *handle = &used, success; }
int cublasSetStream_v2(void *, void *) { return success; }
int cublasDestroy_v2(void *) { return success; }

enum { r_32f = 0, r_16bf = 14 };  // cudaDataType

static float entry(const void *x, int type, size_t i) {
  return type == r_32f ? static_cast<const float *>(x)[i] : widen(static_cast<const bf16 *>(x)[i]);
}

int cublasGemmEx(void *, int ta, int tb, int m, int n, int k, const float *alpha, const void *a, int a_type, int lda,
                 const void *b, int b_type, int ldb, const float *beta, void *c, int c_type, int ldc, int, int) {
  if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || a_type != b_type) return invalid_value;
  for (int j = 0; j < n; j++)
    for (int i = 0; i < m; i++) {
      float sum = 0;
      for (int l = 0; l < k; l++)
        sum += entry(a, a_type, ta ? l + size_t(i) * lda : i + size_t(l) * lda) *
               entry(b, b_type, tb ? j + size_t(l) * ldb : l + size_t(j) * ldb);
      const size_t at = i + size_t(j) * ldc;
      sum = *alpha * sum + (*beta == 0 ? 0 : *beta * entry(c, c_type, at));
      if (c_type == r_32f)
        static_cast<float *>(c)[at] = sum;
      else
        narrow(static_cast<bf16 *>(c) + at, sum);
    }
  return success;
}

int cublasGemmGroupedBatchedEx(void *handle, const int *ta, const int *tb, const int *m, const int *n, const int *k,
                               const float *alpha, const void **a, int a_type, const int *lda, const void **b,
                               int b_type, const int *ldb, const float *beta, void **c, int c_type, const int *ldc,
                               int groups, const int *sizes, int) {
  for (int i = 0; i < groups; i++)
    if (sizes[i] != 1 || a_type != c_type ||
        cublasGemmEx(handle, ta[i], tb[i], m[i], n[i], k[i], alpha + i, a[i], a_type, lda[i], b[i], b_type, ldb[i],
                     beta + i, c[i], c_type, ldc[i], 0, 0) != success)
      return invalid_value;
  return success;
}
}
