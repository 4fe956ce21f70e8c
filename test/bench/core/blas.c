/*
 * Times a BLAS library called from C, for comparison: cc -O2 blas.c -o blas -ldl; ./blas LIBRARY THREADS.
 * Reads lines "SIZE CALLS RESULTS" and answers each with the mean nanoseconds of a product of square float32 matrices,
 * whose result goes to another of so many places each time (with 1, always to the same).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Sizes as 64-bit integers: a library with 32-bit ones reads the lower halves (x86-64, arm64 Linux). */
typedef void (*cblas_sgemm_t)(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t,
                              const float *, int64_t, float, float *, int64_t);
typedef int (*dnnl_sgemm_t)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                            const float *, int64_t, float, float *, int64_t);
typedef void (*set_threads_t)(int64_t);
typedef int (*set_layer_t)(int);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *find(void *library, const char *name) {
  static const char *const forms[] = {"%s", "scipy_%s", "%s64_", "scipy_%s64_"};
  char full[100];
  for (int i = 0; i < 4; i++) {
    snprintf(full, sizeof full, forms[i], name);
    void *found = dlsym(library, full);
    if (found) return found;
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  /* MKL's threading layer needs OpenMP in the process. */
  int layer = dlopen("libiomp5.so", RTLD_NOW | RTLD_GLOBAL) ? 0 : dlopen("libgomp.so.1", RTLD_NOW | RTLD_GLOBAL) ? 3 : 1;
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  set_layer_t set_layer = (set_layer_t)find(library, "MKL_Set_Threading_Layer");
  if (set_layer) set_layer(layer);
  cblas_sgemm_t sgemm = (cblas_sgemm_t)find(library, "cblas_sgemm");
  dnnl_sgemm_t dnnl = (dnnl_sgemm_t)find(library, "dnnl_sgemm");
  static const char *const setters[] = {"openblas_set_num_threads", "MKL_Set_Num_Threads",
                                        "bli_thread_set_num_threads", "omp_set_num_threads"};
  for (int i = 0; i < 4; i++) {
    set_threads_t set = (set_threads_t)find(library, setters[i]);
    if (!set) continue;
    set(atoi(argv[2]));
    break;
  }
  if (!sgemm && !dnnl) {
    fprintf(stderr, "no matrix product in %s\n", argv[1]);
    return 1;
  }
  const int most = 1024, room = 4 * most * most;
  float *a, *b, *all;
  if (posix_memalign((void **)&a, 64, 4 * most * most) || posix_memalign((void **)&b, 64, 4 * most * most) ||
      posix_memalign((void **)&all, 64, 4 * room))
    return 1;
  for (int i = 0; i < most * most; i++) {
    a[i] = (i * 7 % 13) / 13.f;
    b[i] = (i * 5 % 11) / 11.f;
  }
  for (int i = 0; i < room; i++) all[i] = 0;
  int n, calls, results;
  while (scanf("%d %d %d", &n, &calls, &results) == 3 && n <= most && (long)results * n * n <= room) {
    double start = now();
    for (int i = 0; i < calls; i++) {
      float *c = all + (long)(i % results) * n * n;
      if (sgemm)
        sgemm(101, 111, 111, n, n, n, 1, a, n, b, n, 0, c, n);
      else
        dnnl('N', 'N', n, n, n, 1, a, n, b, n, 0, c, n);
    }
    printf("%.1f\n", (now() - start) / calls);
    fflush(stdout);
  }
  return 0;
}
