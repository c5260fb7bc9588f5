/* Convolution and pooling: function by function engine/wasm/assembly/{window,convolution,pooling}.ts. */

typedef struct { int h, w, c, kh, kw, sh, sw, top, left, ph, pw, oh, ow, filters; } window;

static inline int is_padded(const window *t) { return t->ph != t->h || t->pw != t->w; }

static inline long padded_floats(const window *t) {
  return (long)((((size_t)t->ph * t->pw * t->c << 2) + 64 + 63) & ~(size_t)63) / 4;
}

static void pad_image(const window *t, const float *x, float *out) {
  long row = (long)t->w * t->c, padded = (long)t->pw * t->c;
  memset(out, 0, (size_t)t->ph * padded * 4);
  float *o = out + t->top * padded + (long)t->left * t->c;
  for (int y = 0; y < t->h; y++, x += row, o += padded) memcpy(o, x, (size_t)row * 4);
}

static void crop_image(const window *t, const float *from, float *out) {
  long row = (long)t->w * t->c, padded = (long)t->pw * t->c;
  const float *p = from + t->top * padded + (long)t->left * t->c;
  for (int y = 0; y < t->h; y++, out += row, p += padded) memcpy(out, p, (size_t)row * 4);
}

static void unfold(const window *t, const float *image, float *o) {
  long row = (long)t->pw * t->c, n = (long)t->kw * t->c;
  for (int y = 0; y < t->oh; y++) {
    const float *p = image + (long)y * t->sh * row;
    for (int z = 0; z < t->ow; z++, p += (long)t->sw * t->c) {
      const float *s = p;
      for (int i = 0; i < t->kh; i++, s += row, o += n)
        for (long b = 0; b < n; b += 4) memcpy(o + b, s + b, 16);
    }
  }
}

static void fold(const window *t, const float *o, float *out) {
  long row = (long)t->pw * t->c, n = (long)t->kw * t->c;
  memset(out, 0, (size_t)t->ph * row * 4);
  for (int y = 0; y < t->oh; y++) {
    float *p = out + (long)y * t->sh * row;
    for (int z = 0; z < t->ow; z++, p += (long)t->sw * t->c) {
      float *s = p;
      for (int i = 0; i < t->kh; i++, s += row, o += n)
        for (long b = 0; b < n; b++) s[b] += o[b];
    }
  }
}

static const float *windows_of(const window *t, const float *x, float *columns) {
  if (t->kh == 1 && t->kw == 1 && t->sh == 1 && t->sw == 1) return x;
  const float *image = x;
  if (is_padded(t)) {
    pad_image(t, x, columns);
    image = columns;
  }
  float *out = columns + padded_floats(t);
  unfold(t, image, out);
  return out;
}

/* ---- few filters: positions or window values side by side in a vector, in place of filters ---- */

/** Whether the lanes that a panel of so few filters leaves empty cost more than what follows. */
static inline int few(int filters) { return filters * 5 < panel_of(filters) * 4; }

/** Rows of a tile: filters. Vectors: what lies side by side at b, K times ldb apart. */
#define WIDE_TILE(NAME, MR)                                                                                                  \
  static inline __attribute__((always_inline)) void NAME(int K, const float *a, long ra, long ca, const float *b, long ldb, \
                                                         vec acc[][2]) {                                                    \
    for (int k = 0; k < K; k++, b += ldb, a += ca) {                                                                        \
      vec b0 = *(const vec *)b, b1 = *(const vec *)(b + L);                                                                 \
      _Pragma("GCC unroll 8") for (int r = 0; r < MR; r++) {                                                                \
        float x = a[r * ra];                                                                                                \
        acc[r][0] += x * b0;                                                                                                \
        acc[r][1] += x * b1;                                                                                                \
      }                                                                                                                     \
    }                                                                                                                       \
  }
WIDE_TILE(wide_six, 6)
WIDE_TILE(wide_four, 4)
WIDE_TILE(wide_two, 2)
WIDE_TILE(wide_one, 1)

#define BY_FILTERS(F, DO)              \
  {                                    \
    int f = 0;                         \
    for (; f + 6 <= (F); f += 6) DO(6, wide_six)   \
    for (; f + 4 <= (F); f += 4) DO(4, wide_four)  \
    for (; f + 2 <= (F); f += 2) DO(2, wide_two)   \
    for (; f < (F); f++) DO(1, wide_one)           \
  }

/** Of images with one channel and windows that move by one column: a row of positions lies side by side in the image. */
static void conv2d_rows(const window *t, const float *image, const float *kernel, float *out, const float *bias, int relu) {
  int F = t->filters;
  for (int y = 0; y < t->oh; y++)
    for (int z = 0; z < t->ow; z += 2 * L) {
      int w = t->ow - z < 2 * L ? t->ow - z : 2 * L;
      const float *corner = image + (long)y * t->sh * t->pw + z;
      float *o = out + ((long)y * t->ow + z) * F;
#define ROWS_OF(MR, TILE)                                                                         \
  {                                                                                               \
    vec acc[MR][2];                                                                               \
    for (int r = 0; r < MR; r++) acc[r][0] = acc[r][1] = (vec){0} + (bias ? bias[f + r] : 0.0f);  \
    for (int i = 0; i < t->kh; i++) TILE(t->kw, kernel + (long)i * t->kw * F + f, 1, F, corner + (long)i * t->pw, 1, acc); \
    for (int r = 0; r < MR; r++) {                                                                \
      float lanes[2 * L];                                                                         \
      for (int v = 0; v < 2; v++) {                                                               \
        vec x = acc[r][v];                                                                        \
        if (relu) x = (vec)((ivec)x & ~(ivec)(x < (vec){0}));                                     \
        *(vec *)(lanes + v * L) = x;                                                              \
      }                                                                                           \
      for (int l = 0; l < w; l++) o[(long)l * F + f + r] = lanes[l];                              \
    }                                                                                             \
  }
      BY_FILTERS(F, ROWS_OF)
#undef ROWS_OF
    }
}

/** g, transposed (filters × window values), goes on from what stands in it. */
static void kernel_gradient_rows(int positions, int size, int F, const float *windows, const float *error, float *g) {
  for (int j = 0; j < size; j += 2 * L) {
    int w = size - j < 2 * L ? size - j : 2 * L;
#define ROWS_OF(MR, TILE)                                                          \
  {                                                                                \
    vec acc[MR][2];                                                                \
    for (int r = 0; r < MR; r++) {                                                 \
      float lanes[2 * L] = {0};                                                    \
      memcpy(lanes, g + (long)(f + r) * size + j, (size_t)w * 4);                  \
      acc[r][0] = *(const vec *)lanes;                                             \
      acc[r][1] = *(const vec *)(lanes + L);                                       \
    }                                                                              \
    TILE(positions, error + f, 1, F, windows + j, size, acc);                      \
    for (int r = 0; r < MR; r++) {                                                 \
      float lanes[2 * L];                                                          \
      *(vec *)lanes = acc[r][0];                                                   \
      *(vec *)(lanes + L) = acc[r][1];                                             \
      memcpy(g + (long)(f + r) * size + j, lanes, (size_t)w * 4);                  \
    }                                                                              \
  }
    BY_FILTERS(F, ROWS_OF)
#undef ROWS_OF
  }
}

/** `kernel` as it stands among the weights, `packed` as the product wants it. */
static void conv2d(int rows, const window *t, const float *x, const float *kernel, const float *packed, float *columns, float *out, const float *bias, int relu) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  if (t->c == 1 && t->sw == 1 && few(t->filters)) {
    for (int b = 0; b < rows; b++, x += image, out += result) {
      if (is_padded(t)) pad_image(t, x, columns);
      conv2d_rows(t, is_padded(t) ? columns : x, kernel, out, bias, relu);
    }
    return;
  }
  for (int b = 0; b < rows; b++, x += image, out += result)
    product(positions, t->filters, size, windows_of(t, x, columns), size, 1, packed, out, t->filters, bias, relu, 0);
}

static void conv2d_kernel_gradient(int rows, const window *t, const float *x, const float *error, float *packed, float *columns, float *g) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  if (few(t->filters)) {
    float *turned = columns + padded_floats(t) + (long)positions * size + 2 * L;
    memset(turned, 0, (size_t)t->filters * size * 4);
    for (int b = 0; b < rows; b++, x += image, error += result)
      kernel_gradient_rows(positions, size, t->filters, windows_of(t, x, columns), error, turned);
    for (int f = 0; f < t->filters; f++)
      for (int i = 0; i < size; i++) g[(long)i * t->filters + f] = turned[(long)f * size + i];
    return;
  }
  for (int b = 0; b < rows; b++, x += image, error += result) {
    pack(positions, t->filters, error, t->filters, 1, packed);
    product(size, t->filters, positions, windows_of(t, x, columns), 1, size, packed, g, t->filters, 0, 0, b > 0);
  }
}

static void conv2d_input_gradient(int rows, const window *t, const float *error, const float *packed, float *columns, float *out) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  int padded = is_padded(t);
  float *shares = columns + padded_floats(t);
  for (int b = 0; b < rows; b++, error += result, out += image) {
    product(positions, size, t->filters, error, t->filters, 1, packed, shares, size, 0, 0, 0);
    fold(t, shares, padded ? columns : out);
    if (padded) crop_image(t, columns, out);
  }
}

/* ---- pooling ---- */

static inline int first_of(int position, int stride, int before) {
  int at = position * stride - before;
  return at > 0 ? at : 0;
}

static inline int behind_of(int position, int stride, int before, int size, int n) {
  int at = position * stride - before + size;
  return at < n ? at : n;
}

typedef float four __attribute__((vector_size(16), aligned(4)));
typedef int32_t ifour __attribute__((vector_size(16), aligned(4)));

/** Of one window and the channel at `corner`. */
static inline void largest_of(const float *x, int corner, int row, int c, int high, int wide, float *out, int32_t *largest) {
  int at = corner;
  float best = x[at];
  for (int i = 0; i < high; i++)
    for (int j = 0; j < wide; j++) {
      int here = corner + i * row + j * c;
      float v = x[here];
      if (v > best || (v != v && best == best)) {
        best = v;
        at = here;
      }
    }
  *out = best;
  *largest = at;
}

/** As largest_of, of four channels side by side: every lane's chain of comparisons is its own. */
static inline void largest_of_four(const float *x, int corner, int row, int c, int high, int wide, float *out, int32_t *largest) {
  ifour at = (ifour){0, 1, 2, 3} + corner;
  four best = *(const four *)(x + corner);
  for (int i = 0; i < high; i++)
    for (int j = 0; j < wide; j++) {
      int here = corner + i * row + j * c;
      four v = *(const four *)(x + here);
      ifour take = (ifour)(v > best) | ((ifour)(v != v) & (ifour)(best == best));
      best = (four)(((ifour)v & take) | ((ifour)best & ~take));
      at = (((ifour){0, 1, 2, 3} + here) & take) | (at & ~take);
    }
  *(four *)out = best;
  *(ifour *)largest = at;
}

static void max_pool2d(int rows, const window *t, const float *x, float *out, int32_t *largest) {
  int h = t->h, w = t->w, c = t->c;
  for (int b = 0; b < rows; b++, x += (long)h * w * c)
    for (int y = 0; y < t->oh; y++) {
      int y0 = first_of(y, t->sh, t->top), y1 = behind_of(y, t->sh, t->top, t->kh, h);
      for (int z = 0; z < t->ow; z++, out += c, largest += c) {
        int x0 = first_of(z, t->sw, t->left), x1 = behind_of(z, t->sw, t->left, t->kw, w);
        int corner = (y0 * w + x0) * c;
        if (c < 4) for (int k = 0; k < c; k++) largest_of(x, corner + k, w * c, c, y1 - y0, x1 - x0, out + k, largest + k);
        /* The last four overlap those before: computed twice, the same twice. */
        else for (int k = 0; k < c; k += 4) {
          int from = k + 4 <= c ? k : c - 4;
          largest_of_four(x, corner + from, w * c, c, y1 - y0, x1 - x0, out + from, largest + from);
        }
      }
    }
}

static void max_pool2d_gradient(int rows, const window *t, const int32_t *largest, const float *error, float *out) {
  long image = (long)t->h * t->w * t->c, n = (long)t->oh * t->ow * t->c;
  memset(out, 0, (size_t)rows * image * 4);
  for (int b = 0; b < rows; b++, largest += n, error += n, out += image)
    for (long i = 0; i < n; i++) out[largest[i]] += error[i];
}

static void average_pool2d(int rows, const window *t, const float *x, float *out) {
  int h = t->h, w = t->w, c = t->c;
  for (int b = 0; b < rows; b++, x += (long)h * w * c)
    for (int y = 0; y < t->oh; y++) {
      int y0 = first_of(y, t->sh, t->top), y1 = behind_of(y, t->sh, t->top, t->kh, h);
      for (int z = 0; z < t->ow; z++) {
        int x0 = first_of(z, t->sw, t->left), x1 = behind_of(z, t->sw, t->left, t->kw, w);
        float share = 1.0f / (float)((y1 - y0) * (x1 - x0));
        for (int k = 0; k < c; k++) {
          float sum = 0;
          for (int i = y0; i < y1; i++)
            for (int j = x0; j < x1; j++) sum += x[(i * w + j) * c + k];
          *out++ = sum * share;
        }
      }
    }
}

static void average_pool2d_gradient(int rows, const window *t, const float *error, float *out) {
  int h = t->h, w = t->w, c = t->c;
  long image = (long)h * w * c;
  memset(out, 0, (size_t)rows * image * 4);
  for (int b = 0; b < rows; b++, out += image)
    for (int y = 0; y < t->oh; y++) {
      int y0 = first_of(y, t->sh, t->top), y1 = behind_of(y, t->sh, t->top, t->kh, h);
      for (int z = 0; z < t->ow; z++) {
        int x0 = first_of(z, t->sw, t->left), x1 = behind_of(z, t->sw, t->left, t->kw, w);
        float share = 1.0f / (float)((y1 - y0) * (x1 - x0));
        for (int k = 0; k < c; k++) {
          float e = *error++ * share;
          for (int i = y0; i < y1; i++)
            for (int j = x0; j < x1; j++) out[(i * w + j) * c + k] += e;
        }
      }
    }
}

/* ---- depthwise: assembly/depthwise.ts; `filters` of the table is the multiplier; output c·multiplier + m ---- */

static void depthwise(int rows, const window *t, const float *x, const float *kernel, float *columns, float *out, const float *bias) {
  int c = t->c, m = t->filters, wide = c * m;
  long image = (long)t->h * t->w * c;
  for (int b = 0; b < rows; b++, x += image) {
    const float *in = x;
    if (is_padded(t)) {
      pad_image(t, x, columns);
      in = columns;
    }
    for (int y = 0; y < t->oh; y++)
      for (int z = 0; z < t->ow; z++, out += wide) {
        for (int k = 0; k < wide; k++) out[k] = bias ? bias[k] : 0.0f;
        for (int i = 0; i < t->kh; i++)
          for (int j = 0; j < t->kw; j++) {
            const float *p = in + ((long)(y * t->sh + i) * t->pw + z * t->sw + j) * c, *w = kernel + ((long)i * t->kw + j) * wide;
            if (m == 1) for (int k = 0; k < c; k++) out[k] += p[k] * w[k];
            else for (int k = 0; k < c; k++) for (int l = 0; l < m; l++) out[k * m + l] += p[k] * w[k * m + l];
          }
      }
  }
}

static void depthwise_kernel_gradient(int rows, const window *t, const float *x, const float *error, float *columns, float *g) {
  int c = t->c, m = t->filters, wide = c * m;
  long image = (long)t->h * t->w * c;
  memset(g, 0, (size_t)t->kh * t->kw * wide * 4);
  for (int b = 0; b < rows; b++, x += image) {
    const float *in = x;
    if (is_padded(t)) {
      pad_image(t, x, columns);
      in = columns;
    }
    for (int y = 0; y < t->oh; y++)
      for (int z = 0; z < t->ow; z++, error += wide)
        for (int i = 0; i < t->kh; i++)
          for (int j = 0; j < t->kw; j++) {
            const float *p = in + ((long)(y * t->sh + i) * t->pw + z * t->sw + j) * c;
            float *w = g + ((long)i * t->kw + j) * wide;
            if (m == 1) for (int k = 0; k < c; k++) w[k] += p[k] * error[k];
            else for (int k = 0; k < c; k++) for (int l = 0; l < m; l++) w[k * m + l] += p[k] * error[k * m + l];
          }
  }
}

static void depthwise_input_gradient(int rows, const window *t, const float *error, const float *kernel, float *columns, float *out) {
  int c = t->c, m = t->filters, wide = c * m, padded = is_padded(t);
  long image = (long)t->h * t->w * c;
  for (int b = 0; b < rows; b++, out += image) {
    float *to = padded ? columns : out;
    memset(to, 0, (size_t)t->ph * t->pw * c * 4);
    for (int y = 0; y < t->oh; y++)
      for (int z = 0; z < t->ow; z++, error += wide)
        for (int i = 0; i < t->kh; i++)
          for (int j = 0; j < t->kw; j++) {
            float *p = to + ((long)(y * t->sh + i) * t->pw + z * t->sw + j) * c;
            const float *w = kernel + ((long)i * t->kw + j) * wide;
            for (int k = 0; k < c; k++) {
              float share = 0;
              for (int l = 0; l < m; l++) share += error[k * m + l] * w[k * m + l];
              p[k] += share;
            }
          }
    if (padded) crop_image(t, columns, out);
  }
}
