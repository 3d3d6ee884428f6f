// The order of rows in global attention: sample after sample, and within a sample patch after patch.
//
// A map [H, W] holds ⌊H/r⌋ × ⌊W/r⌋ patches of r × r tokens; the r·r rows of a patch follow each other, so that
// the strided convolution is a product over contiguous rows of r·r·C values. Tokens at the right and the bottom that
// belong to no patch come last. Attention does not mind the order of its queries.
#pragma once

struct Patches {
  const ck_samples &samples;
  int channels, height, width, r, down, across;

  Patches(const ck_global_attention &attention, const ck_samples &samples)
      : samples(samples),
        channels(attention.channels),
        height(attention.height),
        width(attention.width),
        r(attention.reduction),
        down(attention.height / r),
        across(attention.width / r) {}

  int tokens() const { return height * width; }
  int count() const { return down * across; }

  /// The elements before row `row` of kept sample `image`, in a [count · H·W, C] matrix.
  int64_t offset(int64_t image, int row) const {
    const int64_t sample = samples.kept ? samples.kept[image] : image;
    return (sample * tokens() + token(row)) * channels;
  }

  int token(int row) const {
    const int patch = row / (r * r), within = row % (r * r);
    if (patch < count()) return (patch / across * r + within / r) * width + patch % across * r + within % r;
    const int left = row - count() * r * r, right = width - across * r, beside = down * r * right;
    if (left < beside) return left / right * width + across * r + left % right;
    return down * r * width + left - beside;
  }
};

/// How the tokens of some samples are divided: at most 196 rows of one sample, or a few whole samples of few tokens.
struct TokenPieces {
  int tokens, images, at_once, rows, chunks;

  TokenPieces(int tokens, int images)
      : tokens(tokens),
        images(images),
        at_once(tokens >= chunk_rows ? 1 : (chunk_rows + tokens / 2) / tokens),
        rows(smaller(196, tokens)),
        chunks((tokens + rows - 1) / rows) {}

  int groups() const { return (images + at_once - 1) / at_once; }
  int count() const { return groups() * chunks; }
  int most_rows() const { return at_once * rows; }

  /// Rows that a sample, or a few whole ones, have in row panels; where a piece has its first one, which is even.
  int64_t room() const { return rounded_up(chunks > 1 ? tokens : at_once * tokens, 2); }
  int64_t start(int piece) const { return piece / chunks * room() + piece % chunks * rows; }

  struct Piece {
    int image, images, first, queries;  // `queries` rows from `first` on of each of `images`
    int count() const { return images * queries; }
  };
  Piece operator[](int piece) const {
    const int image = piece / chunks * at_once, first = piece % chunks * rows;
    return {image, smaller(at_once, images - image), first, smaller(rows, tokens - first)};
  }
  /// Rows of the panels up to the last piece's end; there is a piece.
  int64_t panel_rows() const { return start(count() - 1) + (*this)[count() - 1].count(); }
};

/// The elements before each row of a piece of the samples from `first_image` on.
inline void piece_offsets(const Patches &patches, int first_image, const TokenPieces::Piece &piece, int64_t *result) {
  for (int i = 0; i < piece.images; i++)
    for (int row = 0; row < piece.queries; row++)
      *result++ = patches.offset(first_image + piece.image + i, piece.first + row);
}

/// Rows of the keys that go through the spatial reduction together: few, since a sample has 49 of them.
inline constexpr int key_rows = 12;

/// Samples that go through a half together, so that what they share stays in the caches, but at least eight chunks of
/// rows; in parts as equal as can be.
inline int span_images(int64_t bytes_of_row, int tokens, int images) {
  const int64_t within = (3 << 20) / (bytes_of_row * tokens), least = (8 * chunk_rows + tokens - 1) / tokens;
  const int64_t fitting = within > least ? within : least, spans = (images + fitting - 1) / fitting;
  return spans < 1 ? 1 : (int)((images + spans - 1) / spans);
}
