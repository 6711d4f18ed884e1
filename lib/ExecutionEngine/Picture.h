//===- lib/ExecutionEngine/Picture.h - Rectangles and text ----------------===//
//
// Part of attn-mlir.
//
// A picture as a few shapes, and the formats it is written in.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_PICTURE_H
#define ATTN_LIB_EXECUTIONENGINE_PICTURE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::attn {

/// Red, green and blue, sRGB.
struct Color {
  uint8_t red, green, blue;

  bool operator==(const Color &other) const {
    return red == other.red && green == other.green && blue == other.blue;
  }
  bool operator!=(const Color &other) const { return !(*this == other); }
};

/// Where the position of a text is.
enum class Anchor { Start, Middle, End };

/// Shapes in pixels on white, drawn in this order: images, rectangles, texts.
struct Picture {
  struct Rect {
    int64_t x, y, width, height;
    Color color;
  };
  /// Text of one line; `y` is its baseline.
  struct Text {
    int64_t x, y;
    std::string text;
    Anchor anchor;
  };
  /// Columns by rows of cells of one color, each `cellWidth` x `cellHeight`.
  struct Image {
    int64_t x, y, columns, rows, cellWidth, cellHeight;
    std::vector<Color> cells;
  };

  /// Pixels from one character to the next, and from one line to the next.
  static constexpr int64_t kCharWidth = 12, kLineHeight = 24;

  int64_t width = 0, height = 0;
  std::vector<Image> images;
  std::vector<Rect> rects;
  std::vector<Text> texts;
  /// What the picture shows, for readers: JSON.
  std::string description;
};

/// The text of an .svg file.
std::string writeSvg(const Picture &picture);

/// The bytes of a .png file; fails if this LLVM has no zlib.
llvm::Expected<std::string> writePng(const Picture &picture);

/// The same of one image, a pixel a cell, without text.
llvm::Expected<std::string> writePng(const Picture::Image &image);

/// The rows of a character, from the top, of 5 pixels each, '#' where there is
/// ink; the seventh row stands on the baseline.
llvm::SmallVector<llvm::StringRef, 9> getGlyph(char character);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_PICTURE_H
