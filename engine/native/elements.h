/* Element by element, and rows that are moved: engine/wasm/assembly/{activation,elements,random}.ts. */

static inline float own_erf(float x) {
  float a = fabsf(x), z = x * x;
  float p = 7.8824974e-05f;
  p = p * z - 0.0008018855f;
  p = p * z + 0.005189312f;
  p = p * z - 0.026854329f;
  p = p * z + 0.11283597f;
  p = p * z - 0.37612626f;
  p = p * z + 1.1283791f;
  float q = -1.6140616e-06f;
  q = q * a + 4.5590623e-05f;
  q = q * a - 0.00059276953f;
  q = q * a + 0.0047402224f;
  q = q * a - 0.026364718f;
  q = q * a + 0.10997824f;
  q = q * a + 0.6319371f;
  q = q * a + 1.1301666f;
  q = q * a - 0.000303213f;
  float far = a < 4.0f ? 1.0f - own_exp(-q) : 1.0f;
  return a < 1.0f ? p * x : x < 0 ? -far : far;
}

static inline float own_gelu(float x) { return 0.5f * x * (1.0f + own_erf(x * 0.70710678f)); }

static inline float gelu_slope(float x) { return 0.5f * (1.0f + own_erf(x * 0.70710678f)) + x * (0.3989423f * own_exp(-0.5f * (x * x))); }

static inline float hard_sigmoid(float x) {
  float y = x * 0.2f + 0.5f;
  return y < 0 ? 0.0f : y > 1.0f ? 1.0f : y;
}

static void activate(int kind, int n, const float *x, float *out, float slope) {
  if (kind == 1) EACH(i, n) out[i] = x[i] < 0 ? 0.0f : x[i];
  else if (kind == 2) EACH(i, n) out[i] = own_tanh(x[i]);
  else if (kind == 3) EACH(i, n) out[i] = own_sigmoid(x[i]);
  else if (kind == 4) EACH(i, n) out[i] = x[i] < 0 ? x[i] * slope : x[i];
  else EACH(i, n) out[i] = own_gelu(x[i]);
}

/** From the output h, and for gelu from the input x. */
static void activation_gradient(int kind, int n, const float *x, const float *h, const float *g, float *out, float slope) {
  if (kind == 1) EACH(i, n) out[i] = h[i] > 0 ? g[i] : 0.0f;
  else if (kind == 2) EACH(i, n) out[i] = g[i] * (1.0f - h[i] * h[i]);
  else if (kind == 3) EACH(i, n) out[i] = g[i] * (h[i] * (1.0f - h[i]));
  else if (kind == 4) EACH(i, n) out[i] = h[i] > 0 ? g[i] : g[i] * slope;
  else EACH(i, n) out[i] = g[i] * gelu_slope(x[i]);
}

static void add(int n, const float *a, const float *b, float *out) {
  EACH(i, n) out[i] = a[i] + b[i];
}

static void multiply(int n, const float *a, const float *b, float *out) {
  EACH(i, n) out[i] = a[i] * b[i];
}

static void scale(int n, float factor, float *x) {
  EACH(i, n) x[i] = x[i] * factor;
}

/** `rows` rows of `width` floats; the strides count floats. */
static void copy_rows(int rows, int width, const float *from, long from_stride, float *to, long to_stride) {
  for (int i = 0; i < rows; i++, from += from_stride, to += to_stride) memcpy(to, from, (size_t)width * 4);
}

/* ---- Philox 4×32, ten rounds (Salmon et al. 2011): the numbers of one counter depend on nothing before them ---- */

static inline void philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1, uint32_t *out) {
  for (int r = 0; r < 10; r++) {
    uint64_t p = (uint64_t)0xD2511F53u * c0, q = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(q >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)q;
    c2 = (uint32_t)(p >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

static void dropout(int n, const uint32_t *seed, uint32_t ordinal, uint32_t threshold, float keep, const float *x, float *mask, float *out) {
  for (int i = 0; i < n; i += 4) {
    uint32_t r[4];
    philox((uint32_t)i >> 2, ordinal, seed[2], seed[3], seed[0], seed[1], r);
    for (int l = 0; l < 4 && i + l < n; l++) {
      mask[i + l] = r[l] >= threshold ? keep : 0.0f;
      out[i + l] = x[i + l] * mask[i + l];
    }
  }
}

/* ---- embeddings ---- */

static void embed(int count, int width, const float *indices, const float *table, float *out) {
  for (int i = 0; i < count; i++) memcpy(out + (long)i * width, table + (long)(int32_t)indices[i] * width, (size_t)width * 4);
}

static void embed_gradient(int count, int vocabulary, int width, const float *indices, const float *error, float *g) {
  memset(g, 0, (size_t)vocabulary * width * 4);
  for (int i = 0; i < count; i++, error += width) {
    float *row = g + (long)(int32_t)indices[i] * width;
    for (int j = 0; j < width; j++) row[j] += error[j];
  }
}
