//===- lib/ExecutionEngine/Png.cpp - Pictures as PNG ----------------------===//
//
// Part of attn-mlir.
//
// Draws shapes into pixels and encodes them, with LLVM's zlib and checksum.
//
//===----------------------------------------------------------------------===//

#include "Picture.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace llvm;
using namespace mlir::attn;

namespace {
/// Rows of pixels as PNG wants them: a filter byte, then colors.
class Pixels {
public:
  Pixels(int64_t width, int64_t height)
      : width(width), height(height), rowBytes(1 + 3 * width),
        bytes(rowBytes * height, 0xff) {
    for (int64_t y = 0; y < height; ++y)
      bytes[y * rowBytes] = 0; // No filter: cells repeat exactly.
  }

  /// Fills what of a rectangle lies inside.
  void fill(const Picture::Rect &rect) {
    int64_t left = std::max<int64_t>(rect.x, 0);
    int64_t right = std::min(rect.x + rect.width, width);
    int64_t top = std::max<int64_t>(rect.y, 0);
    int64_t bottom = std::min(rect.y + rect.height, height);
    for (int64_t y = top; y < bottom; ++y)
      for (int64_t x = left; x < right; ++x) {
        uint8_t *pixel = &bytes[y * rowBytes + 1 + 3 * x];
        pixel[0] = rect.color.red;
        pixel[1] = rect.color.green;
        pixel[2] = rect.color.blue;
      }
  }

  void draw(const Picture::Text &text);
  Expected<std::string> encode(StringRef description) const;

private:
  int64_t width, height;
  size_t rowBytes;
  std::vector<uint8_t> bytes;
};
} // namespace

void Pixels::draw(const Picture::Text &text) {
  // A character is 6 dots of 2 pixels wide, with the space beside it.
  constexpr int64_t kDot = Picture::kCharWidth / 6;
  int64_t length = text.text.size() * Picture::kCharWidth - kDot;
  int64_t x = text.x;
  if (text.anchor != Anchor::Start)
    x -= text.anchor == Anchor::End ? length : length / 2;
  for (char character : text.text) {
    int64_t y = text.y - 7 * kDot;
    for (StringRef row : getGlyph(character)) {
      for (size_t column = 0; column < row.size(); ++column)
        if (row[column] == '#')
          fill({x + static_cast<int64_t>(column) * kDot, y, kDot, kDot,
                Color{0, 0, 0}});
      y += kDot;
    }
    x += Picture::kCharWidth;
  }
}

/// Writes a chunk: its length, type and data, and a checksum of the last two.
static void writeChunk(raw_ostream &os, StringRef type, StringRef data) {
  std::string body = (type + data).str();
  support::endian::Writer writer(os, endianness::big);
  writer.write<uint32_t>(data.size());
  os << body;
  writer.write<uint32_t>(crc32(arrayRefFromStringRef(body)));
}

Expected<std::string> Pixels::encode(StringRef description) const {
  if (!compression::zlib::isAvailable())
    return createStringError("this build has no zlib, which .png needs; ask "
                             "for .svg");
  SmallVector<uint8_t, 0> compressed;
  compression::zlib::compress(bytes, compressed);
  std::string header, file;
  raw_string_ostream headerStream(header), os(file);
  support::endian::Writer writer(headerStream, endianness::big);
  writer.write<uint32_t>(width);
  writer.write<uint32_t>(height);
  // 8 bits a channel, red green blue; the only compression and filter method
  // there is; not interlaced.
  headerStream << StringRef("\x08\x02\x00\x00\x00", 5);
  os << StringRef("\x89PNG\r\n\x1a\n", 8);
  writeChunk(os, "IHDR", header);
  if (!description.empty())
    writeChunk(os, "tEXt",
               (StringRef("Description\0", 12) + description).str());
  writeChunk(os, "IDAT", toStringRef(compressed));
  writeChunk(os, "IEND", "");
  return file;
}

/// Fills the cells of `image`, of `cellWidth` x `cellHeight`, from (x, y) on.
static void drawCells(Pixels &pixels, const Picture::Image &image, int64_t x,
                      int64_t y, int64_t cellWidth, int64_t cellHeight) {
  for (int64_t row = 0; row < image.rows; ++row)
    for (int64_t column = 0; column < image.columns; ++column)
      pixels.fill({x + column * cellWidth, y + row * cellHeight, cellWidth,
                   cellHeight, image.cells[row * image.columns + column]});
}

Expected<std::string> mlir::attn::writePng(const Picture &picture) {
  Pixels pixels(picture.width, picture.height);
  for (const Picture::Image &image : picture.images)
    drawCells(pixels, image, image.x, image.y, image.cellWidth,
              image.cellHeight);
  for (const Picture::Rect &rect : picture.rects)
    pixels.fill(rect);
  for (const Picture::Text &text : picture.texts)
    pixels.draw(text);
  return pixels.encode(picture.description);
}

Expected<std::string> mlir::attn::writePng(const Picture::Image &image) {
  Pixels pixels(image.columns, image.rows);
  drawCells(pixels, image, 0, 0, 1, 1);
  return pixels.encode("");
}
