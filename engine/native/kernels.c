/**
 * The kernels of `wasm-f32-1` as a Node addon: function by function the arithmetic of
 * engine/wasm/assembly, over the same memory. Wider vectors run across independent outputs only;
 * every sum is one chain of rounded products added in ascending order. Compile with
 * -ffp-contract=off and never with -ffast-math.
 */
#ifdef __SSE2__
#include <immintrin.h>
#endif
#include <math.h>
#include <node_api.h>
#include <stdint.h>
#include <string.h>

/* Lanes of a vector and rows of a register tile: they move work, never a bit of a result. */
#if defined __AVX512F__
enum { L = 16, ROWS = 8 };
#elif defined __AVX2__
enum { L = 8, ROWS = 6 };
#else
enum { L = 4, ROWS = 4 };
#endif
typedef float vec __attribute__((vector_size(4 * L), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(4 * L), aligned(4)));

/** A loop whose turns touch nothing of one another, though what goes in may be what comes out. */
#define EACH(i, n) _Pragma("GCC ivdep") for (int i = 0; i < (n); i++)

/* ---- math ---- */

static inline float own_exp(float x0) {
  float x = x0 != x0 ? 0.0f : x0 > 88.0f ? 88.0f : x0 < -87.0f ? -87.0f : x0;
  float n = rintf(x * (float)1.44269504088896341);
  float r = (x - n * (float)0.693359375) - n * (float)-2.12194440e-4;
  float p = (float)1.9875691500e-4;
  p = p * r + (float)1.3981999507e-3;
  p = p * r + (float)8.3334519073e-3;
  p = p * r + (float)4.1665795894e-2;
  p = p * r + (float)1.6666665459e-1;
  p = p * r + (float)5.0000001201e-1;
  union { int32_t i; float f; } scale = {((int32_t)n + 127) << 23};
  float y = (p * (r * r) + r + 1.0f) * scale.f;
  return x0 != x0 ? x0 : y;
}

static inline float own_log(float x) {
  if (!(x < INFINITY)) return x;
  union { float f; int32_t i; } u = {x};
  int e = (u.i >> 23) - 127;
  u.i = (u.i & 0x7fffff) | 0x3f800000;
  float m = u.f;
  if (m > (float)1.41421356) {
    m *= 0.5f;
    e++;
  }
  float t = m - 1.0f, z = t * t, p = (float)7.0376836292e-2;
  p = p * t - (float)1.1514610310e-1;
  p = p * t + (float)1.1676998740e-1;
  p = p * t - (float)1.2420140846e-1;
  p = p * t + (float)1.4249322787e-1;
  p = p * t - (float)1.6668057665e-1;
  p = p * t + (float)2.0000714765e-1;
  p = p * t - (float)2.4999993993e-1;
  p = p * t + (float)3.3333331174e-1;
  return t + (p * t * z - 0.5f * z) + (float)e * (float)0.6931471806;
}

static inline float own_sigmoid(float x) { return 1.0f / (1.0f + own_exp(-x)); }

static inline float own_tanh(float x) {
  float a = fabsf(x);
  if (a < 0.625f) {
    float z = x * x, p = (float)-5.70498872745e-3;
    p = p * z + (float)2.06390887954e-2;
    p = p * z - (float)5.37397155531e-2;
    p = p * z + (float)1.33314422036e-1;
    p = p * z - (float)3.33332819422e-1;
    return p * z * x + x;
  }
  float y = a > 9.0f ? 1.0f : 1.0f - 2.0f / (own_exp(a + a) + 1.0f);
  return x < 0 ? -y : a != a ? x : y;
}

/* ---- dense ---- */

/** Columns of a packed panel: one vector for a narrow matrix, two otherwise. */
static inline int panel_of(int N) { return N <= L ? L : 2 * L; }

static void pack(int K, int N, const float *b, long rs, long cs, float *out) {
  int nr = panel_of(N);
  for (int j = 0; j < N; j += nr) {
    int w = N - j < nr ? N - j : nr;
    if (cs == 1 && w == nr) {
      const float *s = b + j;
      if (nr == L) for (int k = 0; k < K; k++, out += L, s += rs) *(vec *)out = *(const vec *)s;
      else for (int k = 0; k < K; k++, out += 2 * L, s += rs) {
        *(vec *)out = *(const vec *)s;
        *(vec *)(out + L) = *(const vec *)(s + L);
      }
    } else if (w == nr) {
      for (int c = 0; c < nr; c++) {
        const float *s = b + (long)(j + c) * cs;
        for (int k = 0; k < K; k++) out[(long)k * nr + c] = s[k * rs];
      }
      out += (long)K * nr;
    } else {
      for (int k = 0; k < K; k++, out += nr)
        for (int c = 0; c < nr; c++) out[c] = c < w ? b[k * rs + (long)(j + c) * cs] : 0;
    }
  }
}

/** MR rows of one panel of NV vectors; a stride of one is given as a constant so that it folds. */
#define TILE(NAME, MR, NV)                                                                                                  \
  static inline __attribute__((always_inline)) void NAME(int K, const float *a, long ra, long ca, const float *p, float *c, \
                                                         long ldc, const vec *start, int relu, int w, int more) {           \
    vec acc[MR][NV];                                                                                                        \
    for (int r = 0; r < MR; r++)                                                                                            \
      for (int v = 0; v < NV; v++) acc[r][v] = start[v];                                                                    \
    if (more)                                                                                                               \
      for (int r = 0; r < MR; r++) {                                                                                        \
        float before[NV * L] = {0};                                                                                         \
        memcpy(before, c + r * ldc, (size_t)w * 4);                                                                         \
        for (int v = 0; v < NV; v++) acc[r][v] = *(const vec *)(before + v * L);                                            \
      }                                                                                                                     \
    for (int k = 0; k < K; k++, p += NV * L, a += ca) {                                                                     \
      vec b[NV];                                                                                                            \
      for (int v = 0; v < NV; v++) b[v] = *(const vec *)(p + v * L);                                                        \
      _Pragma("GCC unroll 8") for (int r = 0; r < MR; r++) {                                                                \
        float x = a[r * ra];                                                                                                \
        _Pragma("GCC unroll 2") for (int v = 0; v < NV; v++) acc[r][v] += x * b[v];                                         \
      }                                                                                                                     \
    }                                                                                                                       \
    for (int r = 0; r < MR; r++) {                                                                                          \
      float edge[NV * L];                                                                                                   \
      float *d = w == NV * L ? c + r * ldc : edge;                                                                          \
      for (int v = 0; v < NV; v++) {                                                                                        \
        vec x = acc[r][v];                                                                                                  \
        if (relu) x = (vec)((ivec)x & ~(ivec)(x < (vec){0}));                                                               \
        *(vec *)(d + v * L) = x;                                                                                            \
      }                                                                                                                     \
      if (d == edge) memcpy(c + r * ldc, edge, (size_t)w * 4);                                                              \
    }                                                                                                                       \
  }
TILE(tile_rows_2, ROWS, 2)
TILE(tile_rows_1, ROWS, 1)
TILE(tile_two_2, 2, 2)
TILE(tile_two_1, 2, 1)
TILE(tile_one_2, 1, 2)
TILE(tile_one_1, 1, 1)

#define PANEL_LOOP(NV, RA, CA)                                                                                     \
  {                                                                                                                \
    int i = 0;                                                                                                     \
    for (; i + ROWS <= M; i += ROWS) tile_rows_##NV(K, a + i * (RA), RA, CA, bp, c + i * ldc + j, ldc, start, relu, w, more); \
    for (; i + 2 <= M; i += 2) tile_two_##NV(K, a + i * (RA), RA, CA, bp, c + i * ldc + j, ldc, start, relu, w, more);   \
    for (; i < M; i++) tile_one_##NV(K, a + i * (RA), RA, CA, bp, c + i * ldc + j, ldc, start, relu, w, more);           \
  }

static inline __attribute__((always_inline)) void product_of(int M, int N, int K, const float *a, long ra, long ca, const float *bp, float *c, long ldc, const float *bias, int relu, int more) {
  int nr = panel_of(N);
  for (int j = 0; j < N; j += nr, bp += (long)K * nr) {
    int w = N - j < nr ? N - j : nr;
    vec start[2] = {{0}, {0}};
    if (bias) memcpy(start, bias + j, (size_t)w * 4);
    if (nr == L) {
      if (ca == 1) PANEL_LOOP(1, ra, 1L)
      else PANEL_LOOP(1, 1L, ca)
    } else {
      if (ca == 1) PANEL_LOOP(2, ra, 1L)
      else PANEL_LOOP(2, 1L, ca)
    }
  }
}

/** C's rows are ldc apart; `more` goes on with the chains that stand in C. */
static void product(int M, int N, int K, const float *a, long ra, long ca, const float *bp, float *c, long ldc, const float *bias, int relu, int more) {
  if (more) product_of(M, N, K, a, ra, ca, bp, c, ldc, bias, relu, 1);
  else product_of(M, N, K, a, ra, ca, bp, c, ldc, bias, relu, 0);
}

static void gemm(int M, int N, int K, const float *a, long ra, long ca, const float *bp, float *c, const float *bias, int relu) {
  product(M, N, K, a, ra, ca, bp, c, N, bias, relu, 0);
}

static void column_sums(int M, int N, const float *restrict x, float *restrict out) {
  memset(out, 0, (size_t)N * 4);
  for (int i = 0; i < M; i++, x += N)
    for (int j = 0; j < N; j++) out[j] += x[j];
}

#include "sparse.h"
#include "images.h"

#include "elements.h"
#include "normal.h"
#include "sequences.h"

/* ---- losses ---- */

static int argmax(int N, const float *row) {
  int best = 0;
  for (int j = 1; j < N; j++)
    if (row[j] > row[best]) best = j;
  return best;
}

static float exponentials(int N, const float *restrict row, float m, float *restrict out) {
  for (int j = 0; j < N; j++) out[j] = own_exp(row[j] - m);
  float s = 0;
  for (int j = 0; j < N; j++) s += out[j];
  return s;
}

static float softmax_cross_entropy(int rows, int N, const float *z, const int32_t *labels, float *g, float *losses, float inv, int32_t *correct) {
  float sum = 0;
  int right = 0;
  for (int i = 0; i < rows; i++, z += N, g += N) {
    int y = labels[i], best = argmax(N, z);
    if (best == y) right++;
    float m = z[best], s = exponentials(N, z, m, g);
    float loss = own_log(s) - (z[y] - m);
    losses[i] = loss;
    sum += loss;
    for (int j = 0; j < N; j++) g[j] = (g[j] / s - (j == y ? 1.0f : 0.0f)) * inv;
  }
  *correct = right;
  return sum * inv;
}

#include "losses.h"

static void softmax(int rows, int N, const float *z, float *out) {
  for (int i = 0; i < rows; i++, z += N, out += N) {
    float s = exponentials(N, z, z[argmax(N, z)], out);
    for (int j = 0; j < N; j++) out[j] = out[j] / s;
  }
}

#include "update.h"
#include "maps.h"

/* ---- Node-API: fn(memory.buffer, …numbers), addresses as in WebAssembly ---- */

static char *read_arguments(napi_env env, napi_callback_info info, double *v, size_t n) {
  napi_value a[24];
  size_t count = n + 1, length;
  void *base = 0;
  napi_get_cb_info(env, info, &count, a, 0, 0);
  if (napi_get_arraybuffer_info(env, a[0], &base, &length) != napi_ok) return 0;
  for (size_t i = 0; i < n; i++)
    if (napi_get_value_double(env, a[i + 1], &v[i]) != napi_ok) return 0;
  return base;
}

static napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

#define I(k) ((int)v[k])
#define R(k) ((float)v[k])
#define P(k) ((void *)(base + (size_t)v[k]))
/* Address 0 stands for what is not there. */
#define Q(k) (v[k] ? P(k) : 0)
#define FUNCTION(NAME, N, BODY)                                          \
  static napi_value call_##NAME(napi_env env, napi_callback_info info) { \
    double v[24];                                                        \
    char *base = read_arguments(env, info, v, N);                        \
    if (!base) {                                                         \
      napi_throw_type_error(env, 0, "engine: " #NAME " takes a buffer and " #N " numbers"); \
      return 0;                                                          \
    }                                                                    \
    BODY                                                                 \
  }
FUNCTION(pack, 6, pack(I(0), I(1), P(2), I(3), I(4), P(5)); return 0;)
FUNCTION(gemm, 10, gemm(I(0), I(1), I(2), P(3), I(4), I(5), P(6), P(7), Q(8), I(9)); return 0;)
FUNCTION(sparseLists, 5, return number(env, sparse_lists(I(0), I(1), P(2), P(3), I(4)));)
FUNCTION(sparseProduct, 9, return number(env, sparse_product(I(0), I(1), I(2), P(3), P(4), P(5), Q(6), P(7), I(8)));)
FUNCTION(sparseGradient, 7, return number(env, sparse_gradient(I(0), I(1), I(2), P(3), I(4), P(5), P(6)));)
FUNCTION(columnSums, 4, column_sums(I(0), I(1), P(2), P(3)); return 0;)
FUNCTION(conv2d, 9, conv2d(I(0), P(1), P(2), P(3), P(4), P(5), P(6), Q(7), I(8)); return 0;)
FUNCTION(conv2dKernelGradient, 7, conv2d_kernel_gradient(I(0), P(1), P(2), P(3), P(4), P(5), P(6)); return 0;)
FUNCTION(conv2dInputGradient, 6, conv2d_input_gradient(I(0), P(1), P(2), P(3), P(4), P(5)); return 0;)
FUNCTION(maxPool2d, 5, max_pool2d(I(0), P(1), P(2), P(3), P(4)); return 0;)
FUNCTION(maxPool2dGradient, 5, max_pool2d_gradient(I(0), P(1), P(2), P(3), P(4)); return 0;)
FUNCTION(averagePool2d, 4, average_pool2d(I(0), P(1), P(2), P(3)); return 0;)
FUNCTION(averagePool2dGradient, 4, average_pool2d_gradient(I(0), P(1), P(2), P(3)); return 0;)
FUNCTION(product, 12, product(I(0), I(1), I(2), P(3), I(4), I(5), P(6), P(7), I(8), Q(9), I(10), I(11)); return 0;)
FUNCTION(activate, 5, activate(I(0), I(1), P(2), P(3), R(4)); return 0;)
FUNCTION(activationGradient, 7, activation_gradient(I(0), I(1), P(2), P(3), P(4), P(5), R(6)); return 0;)
FUNCTION(add, 4, add(I(0), P(1), P(2), P(3)); return 0;)
FUNCTION(multiply, 4, multiply(I(0), P(1), P(2), P(3)); return 0;)
FUNCTION(scale, 3, scale(I(0), R(1), P(2)); return 0;)
FUNCTION(copyRows, 6, copy_rows(I(0), I(1), P(2), I(3), P(4), I(5)); return 0;)
FUNCTION(zero, 2, memset(P(1), 0, (size_t)I(0) * 4); return 0;)
FUNCTION(dropout, 8, dropout(I(0), P(1), (uint32_t)v[2], (uint32_t)v[3], R(4), P(5), P(6), P(7)); return 0;)
FUNCTION(embed, 5, embed(I(0), I(1), P(2), P(3), P(4)); return 0;)
FUNCTION(embedGradient, 6, embed_gradient(I(0), I(1), I(2), P(3), P(4), P(5)); return 0;)
FUNCTION(layerNorm, 8, layer_norm(I(0), I(1), P(2), Q(3), Q(4), R(5), P(6), P(7)); return 0;)
FUNCTION(layerNormGradient, 10, layer_norm_gradient(I(0), I(1), P(2), Q(3), P(4), P(5), P(6), Q(7), Q(8), Q(9)); return 0;)
FUNCTION(batchNorm, 8, batch_norm(I(0), I(1), P(2), Q(3), Q(4), R(5), P(6), P(7)); return 0;)
FUNCTION(batchNormFixed, 10, batch_norm_fixed(I(0), I(1), P(2), Q(3), Q(4), P(5), P(6), R(7), P(8), P(9)); return 0;)
FUNCTION(batchNormGradient, 10, batch_norm_gradient(I(0), I(1), P(2), Q(3), P(4), P(5), P(6), Q(7), Q(8), Q(9)); return 0;)
FUNCTION(movingGradient, 5, moving_gradient(I(0), P(1), P(2), R(3), P(4)); return 0;)
FUNCTION(depthwise, 7, depthwise(I(0), P(1), P(2), P(3), P(4), P(5), Q(6)); return 0;)
FUNCTION(depthwiseKernelGradient, 6, depthwise_kernel_gradient(I(0), P(1), P(2), P(3), P(4), P(5)); return 0;)
FUNCTION(depthwiseInputGradient, 6, depthwise_input_gradient(I(0), P(1), P(2), P(3), P(4), P(5)); return 0;)
FUNCTION(gruGates, 6, gru_gates(I(0), I(1), I(2), P(3), P(4), P(5)); return 0;)
FUNCTION(gruState, 5, gru_state(I(0), I(1), P(2), P(3), P(4)); return 0;)
FUNCTION(gruStateGradient, 7, gru_state_gradient(I(0), I(1), I(2), P(3), P(4), P(5), P(6)); return 0;)
FUNCTION(gruResetGradient, 7, gru_reset_gradient(I(0), I(1), I(2), P(3), P(4), P(5), P(6)); return 0;)
FUNCTION(lstmState, 8, lstm_state(I(0), I(1), I(2), P(3), P(4), P(5), P(6), P(7)); return 0;)
FUNCTION(lstmStateGradient, 8, lstm_state_gradient(I(0), I(1), I(2), P(3), P(4), P(5), P(6), P(7)); return 0;)
FUNCTION(attention, 13, attention(I(0), I(1), I(2), I(3), I(4), P(5), P(6), P(7), R(8), I(9), P(10), P(11), P(12)); return 0;)
FUNCTION(attentionGradient, 16, attention_gradient(I(0), I(1), I(2), I(3), I(4), P(5), P(6), P(7), R(8), P(9), P(10), P(11), P(12), P(13), P(14), P(15)); return 0;)
FUNCTION(limit, 3, return number(env, limit(I(0), P(1), R(2)));)
FUNCTION(clipNorm, 3, clip_norm(I(0), P(1), R(2)); return 0;)
FUNCTION(momentumStep, 8, momentum_step(I(0), P(1), P(2), P(3), R(4), R(5), I(6), R(7)); return 0;)
FUNCTION(adamStep, 11, adam_step(I(0), P(1), P(2), P(3), P(4), P(5), R(6), R(7), R(8), R(9), R(10)); return 0;)
FUNCTION(decay, 4, decay(I(0), P(1), R(2), P(3)); return 0;)
FUNCTION(softmaxCrossEntropy, 8, return number(env, softmax_cross_entropy(I(0), I(1), P(2), P(3), P(4), P(5), R(6), P(7)));)
FUNCTION(elementLoss, 10, return number(env, element_loss(I(0), I(1), I(2), P(3), P(4), P(5), P(6), R(7), R(8), P(9)));)
FUNCTION(softmax, 4, softmax(I(0), I(1), P(2), P(3)); return 0;)
FUNCTION(quantise, 9, uint8_t *start = quantise(P(0), I(1), P(2), P(3), R(4), R(5), P(6), P(7), P(8)); return number(env, start ? (double)((char *)start - base) : 0);)
FUNCTION(addMap, 7, return number(env, add_map(P(0), P(1), P(2), P(3), I(4), P(5), I(6)));)
FUNCTION(makeWeights, 4, make_weights(P(0), P(1), P(2), P(3)); return 0;)

NAPI_MODULE_INIT() {
#define EXPORT(NAME)                                                                   \
  {                                                                                    \
    napi_value fn;                                                                     \
    napi_create_function(env, #NAME, NAPI_AUTO_LENGTH, call_##NAME, 0, &fn);           \
    napi_set_named_property(env, exports, #NAME, fn);                                  \
  }
  EXPORT(pack) EXPORT(gemm) EXPORT(columnSums) EXPORT(sparseLists) EXPORT(sparseProduct) EXPORT(sparseGradient) EXPORT(conv2d) EXPORT(conv2dKernelGradient) EXPORT(conv2dInputGradient) EXPORT(maxPool2d)
  EXPORT(maxPool2dGradient) EXPORT(averagePool2d) EXPORT(averagePool2dGradient) EXPORT(product) EXPORT(activate) EXPORT(activationGradient)
  EXPORT(add) EXPORT(multiply) EXPORT(scale) EXPORT(copyRows) EXPORT(zero) EXPORT(dropout) EXPORT(embed) EXPORT(embedGradient) EXPORT(layerNorm)
  EXPORT(layerNormGradient) EXPORT(batchNorm) EXPORT(batchNormFixed) EXPORT(batchNormGradient) EXPORT(movingGradient) EXPORT(depthwise)
  EXPORT(depthwiseKernelGradient) EXPORT(depthwiseInputGradient) EXPORT(gruGates) EXPORT(gruState) EXPORT(gruStateGradient) EXPORT(gruResetGradient)
  EXPORT(lstmState) EXPORT(lstmStateGradient) EXPORT(attention) EXPORT(attentionGradient) EXPORT(limit) EXPORT(clipNorm) EXPORT(momentumStep) EXPORT(adamStep)
  EXPORT(decay) EXPORT(softmaxCrossEntropy) EXPORT(elementLoss) EXPORT(softmax) EXPORT(quantise) EXPORT(addMap) EXPORT(makeWeights)
  return exports;
}
