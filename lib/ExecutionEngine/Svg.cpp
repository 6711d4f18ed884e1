//===- lib/ExecutionEngine/Svg.cpp - Pictures as SVG ----------------------===//
//
// Part of attn-mlir.
//
// Writes shapes as SVG elements, runs of cells as one.
//
//===----------------------------------------------------------------------===//

#include "Picture.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <tuple>

using namespace llvm;
using namespace mlir::attn;

/// Rectangles of one image that a file may have; an image of noise, as of a
/// random mask, is smaller as pixels.
static constexpr size_t kMaxRects = 20000;

static void writeRect(raw_ostream &os, const Picture::Rect &rect) {
  os << "<rect x=\"" << rect.x << "\" y=\"" << rect.y << "\" width=\""
     << rect.width << "\" height=\"" << rect.height << "\" fill=\"#"
     << format("%02x%02x%02x", rect.color.red, rect.color.green,
               rect.color.blue)
     << "\"/>\n";
}

/// The cells of `image` as rectangles: runs of one color in a row, and equal
/// runs in the rows below.
static std::vector<Picture::Rect> mergeCells(const Picture::Image &image) {
  std::vector<Picture::Rect> rects;
  using Key = std::tuple<int64_t, int64_t, uint8_t, uint8_t, uint8_t>;
  std::map<Key, size_t> above;
  for (int64_t row = 0; row < image.rows; ++row) {
    std::map<Key, size_t> here;
    const Color *cells = &image.cells[row * image.columns];
    for (int64_t begin = 0, end; begin < image.columns; begin = end) {
      Color color = cells[begin];
      for (end = begin + 1; end < image.columns && cells[end] == color;)
        ++end;
      Key key = {begin, end, color.red, color.green, color.blue};
      if (auto run = above.find(key); run != above.end()) {
        rects[run->second].height += image.cellHeight;
        here[key] = run->second;
        continue;
      }
      here[key] = rects.size();
      rects.push_back(
          {image.x + begin * image.cellWidth, image.y + row * image.cellHeight,
           (end - begin) * image.cellWidth, image.cellHeight, color});
    }
    above = std::move(here);
    if (rects.size() > kMaxRects)
      break; // The caller does not take so many.
  }
  return rects;
}

static void writeImage(raw_ostream &os, const Picture::Image &image) {
  std::vector<Picture::Rect> rects = mergeCells(image);
  if (rects.size() > kMaxRects) {
    Expected<std::string> png = writePng(image);
    if (png) {
      os << "<image x=\"" << image.x << "\" y=\"" << image.y << "\" width=\""
         << image.columns * image.cellWidth << "\" height=\""
         << image.rows * image.cellHeight
         << "\" preserveAspectRatio=\"none\" "
            "style=\"image-rendering:pixelated\" "
            "href=\"data:image/png;base64,"
         << encodeBase64(*png) << "\"/>\n";
      return;
    }
    // Without zlib the file is large.
    consumeError(png.takeError());
    for (int64_t row = 0; row < image.rows; ++row)
      for (int64_t column = 0; column < image.columns; ++column)
        writeRect(os, {image.x + column * image.cellWidth,
                       image.y + row * image.cellHeight, image.cellWidth,
                       image.cellHeight,
                       image.cells[row * image.columns + column]});
    return;
  }
  // Edges of rectangles that touch must not shine through.
  os << "<g shape-rendering=\"crispEdges\">\n";
  for (const Picture::Rect &rect : rects)
    writeRect(os, rect);
  os << "</g>\n";
}

static void writeText(raw_ostream &os, const Picture::Text &text) {
  static constexpr StringRef kAnchors[] = {"start", "middle", "end"};
  os << "<text x=\"" << text.x << "\" y=\"" << text.y << "\" text-anchor=\""
     << kAnchors[static_cast<int>(text.anchor)] << "\">";
  printHTMLEscaped(text.text, os);
  os << "</text>\n";
}

std::string mlir::attn::writeSvg(const Picture &picture) {
  std::string file;
  raw_string_ostream os(file);
  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << picture.width
     << "\" height=\"" << picture.height << "\" viewBox=\"0 0 " << picture.width
     << ' ' << picture.height << "\">\n<desc>";
  printHTMLEscaped(picture.description, os);
  os << "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  for (const Picture::Image &image : picture.images)
    writeImage(os, image);
  os << "<g shape-rendering=\"crispEdges\">\n";
  for (const Picture::Rect &rect : picture.rects)
    writeRect(os, rect);
  // A character of a monospaced font is some 0.6 of its size wide.
  os << "</g>\n<g font-family=\"monospace\" font-size=\""
     << Picture::kCharWidth * 3 / 2 << "\">\n";
  for (const Picture::Text &text : picture.texts)
    writeText(os, text);
  os << "</g>\n</svg>\n";
  return file;
}
