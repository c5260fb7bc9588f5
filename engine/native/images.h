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

static void conv2d(int rows, const window *t, const float *x, const float *packed, float *columns, float *out, const float *bias, int relu) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  for (int b = 0; b < rows; b++, x += image, out += result)
    product(positions, t->filters, size, windows_of(t, x, columns), size, 1, packed, out, bias, relu, 0);
}

static void conv2d_kernel_gradient(int rows, const window *t, const float *x, const float *error, float *packed, float *columns, float *g) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  for (int b = 0; b < rows; b++, x += image, error += result) {
    pack(positions, t->filters, error, t->filters, 1, packed);
    product(size, t->filters, positions, windows_of(t, x, columns), 1, size, packed, g, 0, 0, b > 0);
  }
}

static void conv2d_input_gradient(int rows, const window *t, const float *error, const float *packed, float *columns, float *out) {
  int positions = t->oh * t->ow, size = t->kh * t->kw * t->c;
  long image = (long)t->h * t->w * t->c, result = (long)positions * t->filters;
  int padded = is_padded(t);
  float *shares = columns + padded_floats(t);
  for (int b = 0; b < rows; b++, error += result, out += image) {
    product(positions, size, t->filters, error, t->filters, 1, packed, shares, 0, 0, 0);
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

static void max_pool2d(int rows, const window *t, const float *x, float *out, int32_t *largest) {
  int h = t->h, w = t->w, c = t->c;
  for (int b = 0; b < rows; b++, x += (long)h * w * c)
    for (int y = 0; y < t->oh; y++) {
      int y0 = first_of(y, t->sh, t->top), y1 = behind_of(y, t->sh, t->top, t->kh, h);
      for (int z = 0; z < t->ow; z++) {
        int x0 = first_of(z, t->sw, t->left), x1 = behind_of(z, t->sw, t->left, t->kw, w);
        for (int k = 0; k < c; k++) {
          int at = (y0 * w + x0) * c + k;
          float best = x[at];
          for (int i = y0; i < y1; i++)
            for (int j = x0; j < x1; j++) {
              int here = (i * w + j) * c + k;
              float v = x[here];
              if (v > best || (v != v && best == best)) {
                best = v;
                at = here;
              }
            }
          *out++ = best;
          *largest++ = at;
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
