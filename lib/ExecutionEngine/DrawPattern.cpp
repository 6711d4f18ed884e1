//===- lib/ExecutionEngine/DrawPattern.cpp - From patterns to a picture ---===//
//
// Part of attn-mlir.
//
// Colors cells, and lays out plots, axes, titles and the legend.
//
//===----------------------------------------------------------------------===//

#include "DrawPattern.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

/// "56.25 %"; more digits for what is less.
static std::string formatShare(int64_t part, int64_t whole) {
  std::string text;
  double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  raw_string_ostream(text) << format("%.4g %%", share);
  return text;
}

static std::string formatPairs(int64_t part, int64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole) +
         " pairs visible (" + formatShare(part, whole) + ")";
}

std::string Panel::describeOp() const {
  return op + (place.empty() ? "" : " at " + place) +
         (strategy.empty() ? "" : ", strategy " + strategy);
}

std::string Panel::describePairs() const {
  return "batch " + std::to_string(request.batch) + ", head " +
         std::to_string(request.head) + ": " +
         formatPairs(pattern.pairs, pattern.seqLenQ * pattern.seqLenKv);
}

static std::string plural(int64_t count, StringRef one, StringRef many) {
  return std::to_string(count) + " " + (count == 1 ? one : many).str();
}

/// All lines above a plot.
static SmallVector<std::string> describe(const Panel &panel) {
  const KeyPattern &pattern = panel.pattern;
  SmallVector<std::string> lines = {panel.describeOp(), panel.describePairs()};
  int64_t copies = pattern.batch * pattern.numHeads;
  if (copies > 1) {
    std::string all = "all";
    if (pattern.batch > 1)
      all += " " + std::to_string(pattern.batch) + " batch entries";
    if (pattern.numHeads > 1)
      all += (pattern.batch > 1 ? ", " : " ") +
             std::to_string(pattern.numHeads) + " heads";
    lines.push_back(all + ": " +
                    formatPairs(pattern.allPairs,
                                copies * pattern.seqLenQ * pattern.seqLenKv));
  }
  std::string sizes = "tiles of " + plural(pattern.tile, "query", "queries");
  if (pattern.cellQueries > 1 || pattern.cellKeys > 1)
    sizes += "; a cell is " + plural(pattern.cellQueries, "query", "queries") +
             " x " + plural(pattern.cellKeys, "key", "keys");
  if (pattern.executions > 1)
    sizes += "; the first of " + std::to_string(pattern.executions) + " runs";
  lines.push_back(sizes);
  return lines;
}

//===----------------------------------------------------------------------===//
// Colors
//===----------------------------------------------------------------------===//

namespace {
/// A kind of pairs, with its color: blue and orange, which all eyes tell apart.
struct Kind {
  double PatternCell::*count;
  Color color;
  StringRef meaning;
};
} // namespace

static constexpr Kind kKinds[] = {
    {&PatternCell::plain, {0x2c, 0x6f, 0xbb}, "visible, no mask needed"},
    {&PatternCell::edge, {0xf0, 0x9c, 0x2e}, "visible, in a range with a mask"},
    {&PatternCell::masked,
     {0xfa, 0xe1, 0xbe},
     "not visible, in a range with a mask"},
    {&PatternCell::excluded,
     {0xb8, 0x2f, 0x3a},
     "visible but for the boolean mask"},
    {&PatternCell::skipped, {0xec, 0xec, 0xec}, "skipped: in no range"},
    {&PatternCell::chosen, {0x1a, 0x1a, 0x1a}, "chosen, and read in full"},
};

/// The mean of the colors of all pairs of a cell. Chosen keys are few among
/// many, and would not be seen: one marks its cell.
static Color blend(const PatternCell &cell) {
  if (cell.chosen > 0)
    return std::end(kKinds)[-1].color;
  double all = 0, red = 0, green = 0, blue = 0;
  for (const Kind &kind : kKinds) {
    double count = cell.*kind.count;
    all += count;
    red += count * kind.color.red;
    green += count * kind.color.green;
    blue += count * kind.color.blue;
  }
  auto mean = [&](double sum) {
    return static_cast<uint8_t>(std::lround(sum / all));
  };
  return {mean(red), mean(green), mean(blue)};
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

static constexpr Color kInk = {0, 0, 0}, kLine = {0x60, 0x60, 0x60};
static constexpr int64_t kMargin = 20, kTick = 6, kGap = 6;
/// Pixels along the longer side of a plot, at least where cells are as large as
/// they may be; along a short side at least.
static constexpr int64_t kPlotSize = 640, kMaxCell = 32, kMinSide = 48;

namespace {
/// Puts panels into a picture, from the top down.
class Layout {
public:
  Picture draw(ArrayRef<Panel> panels);

private:
  void drawPanel(const Panel &panel);
  void drawImage(const KeyPattern &pattern, Picture::Image &image);
  void drawFrame(const Picture::Image &image);
  void drawTiles(const KeyPattern &pattern, const Picture::Image &image);
  void drawAxis(bool isKeys, int64_t size, int64_t cell,
                const Picture::Image &image);
  void drawLegend();
  void addText(int64_t x, int64_t y, const std::string &text,
               Anchor anchor = Anchor::Start);

  Picture picture;
  /// Where the next panel begins.
  int64_t top = kMargin;
  bool isUsed[std::size(kKinds)] = {};
  json::Array descriptions;
};
} // namespace

static int64_t getTextWidth(size_t length) {
  return static_cast<int64_t>(length) * Picture::kCharWidth;
}

void Layout::addText(int64_t x, int64_t y, const std::string &text,
                     Anchor anchor) {
  picture.texts.push_back({x, y, text, anchor});
  if (anchor == Anchor::Start)
    picture.width = std::max(picture.width, x + getTextWidth(text.size()));
}

void Layout::drawImage(const KeyPattern &pattern, Picture::Image &image) {
  image.rows = pattern.rows;
  image.columns = pattern.columns;
  int64_t cell = std::clamp(kPlotSize / std::max(pattern.rows, pattern.columns),
                            int64_t(1), kMaxCell);
  auto getExtent = [&](int64_t count) {
    return std::max<int64_t>(cell, divideCeil(kMinSide, count));
  };
  image.cellWidth = getExtent(pattern.columns);
  image.cellHeight = getExtent(pattern.rows);
  image.cells.reserve(pattern.rows * pattern.columns);
  for (int64_t row = 0; row < pattern.rows; ++row)
    for (int64_t column = 0; column < pattern.columns; ++column) {
      PatternCell counts = pattern.getCell(row, column);
      for (auto [used, kind] : zip_equal(isUsed, kKinds))
        used |= counts.*kind.count > 0;
      image.cells.push_back(blend(counts));
    }
}

void Layout::drawFrame(const Picture::Image &image) {
  int64_t width = image.columns * image.cellWidth;
  int64_t height = image.rows * image.cellHeight;
  auto add = [&](int64_t x, int64_t y, int64_t w, int64_t h) {
    picture.rects.push_back({x, y, w, h, kInk});
  };
  add(image.x - 1, image.y - 1, width + 2, 1);
  add(image.x - 1, image.y + height, width + 2, 1);
  add(image.x - 1, image.y, 1, height);
  add(image.x + width, image.y, 1, height);
}

/// Lines between tiles of queries, or marks beside the plot where lines would
/// hide what is drawn.
void Layout::drawTiles(const KeyPattern &pattern, const Picture::Image &image) {
  int64_t width = image.columns * image.cellWidth;
  if (pattern.tile == 1)
    return; // Every row is one.
  if (pattern.tile * image.cellHeight / pattern.cellQueries < 4)
    return;
  for (int64_t i : pattern.tileStarts) {
    if (i == 0)
      continue;
    int64_t y = image.y + i * image.cellHeight / pattern.cellQueries;
    bool isLine = image.cellHeight >= 4;
    picture.rects.push_back({isLine ? image.x : image.x + width + 1, y,
                             isLine ? width : kTick, 1, kLine});
  }
}

/// Positions along one side: powers of two apart, and the size at the end.
void Layout::drawAxis(bool isKeys, int64_t size, int64_t cell,
                      const Picture::Image &image) {
  int64_t pixels = isKeys ? image.cellWidth : image.cellHeight;
  int64_t labelSize = isKeys ? getTextWidth(std::to_string(size).size() + 1)
                             : 2 * Picture::kLineHeight;
  auto at = [&](int64_t position) { return position * pixels / cell; };
  int64_t step = 1;
  while (at(step) < labelSize && step < size)
    step *= 2;
  SmallVector<int64_t> positions;
  for (int64_t i = 0; i < size; i += step)
    positions.push_back(i);
  while (positions.size() > 1 && at(size) - at(positions.back()) < labelSize)
    positions.pop_back();
  positions.push_back(size);
  int64_t bottom = image.y + image.rows * image.cellHeight;
  for (int64_t position : positions) {
    std::string label = std::to_string(position);
    if (isKeys) {
      int64_t x = image.x + at(position);
      picture.rects.push_back({x, bottom + 1, 1, kTick, kInk});
      addText(x, bottom + kTick + Picture::kLineHeight, label, Anchor::Middle);
      continue;
    }
    int64_t y = image.y + at(position);
    picture.rects.push_back({image.x - 1 - kTick, y, kTick, 1, kInk});
    addText(image.x - kTick - kGap, y + kGap, label, Anchor::End);
  }
}

void Layout::drawPanel(const Panel &panel) {
  const KeyPattern &pattern = panel.pattern;
  for (const std::string &line : describe(panel)) {
    top += Picture::kLineHeight;
    addText(kMargin, top - kGap, line);
  }
  top += Picture::kLineHeight + kMargin;
  Picture::Image image;
  std::string last = std::to_string(pattern.seqLenQ);
  image.x = kMargin + kTick + kGap +
            std::max(getTextWidth(last.size()), getTextWidth(5));
  image.y = top;
  addText(image.x - kTick - kGap, top - kMargin, "query", Anchor::End);
  drawImage(pattern, image);
  drawTiles(pattern, image);
  drawFrame(image);
  drawAxis(/*isKeys=*/false, pattern.seqLenQ, pattern.cellQueries, image);
  drawAxis(/*isKeys=*/true, pattern.seqLenKv, pattern.cellKeys, image);
  int64_t right = image.x + image.columns * image.cellWidth;
  int64_t bottom = image.y + image.rows * image.cellHeight;
  // Beside the last position, half of which is under the plot.
  std::string end = std::to_string(pattern.seqLenKv);
  int64_t keyX = right + getTextWidth(end.size()) / 2 + Picture::kCharWidth;
  addText(keyX, bottom + kTick + Picture::kLineHeight, "key");
  top = bottom + kTick + 2 * Picture::kLineHeight;
  descriptions.push_back(
      json::Object{{"op", panel.op},
                   {"place", panel.place},
                   {"strategy", panel.strategy},
                   {"batch", panel.request.batch},
                   {"head", panel.request.head},
                   {"seq_len_q", pattern.seqLenQ},
                   {"seq_len_kv", pattern.seqLenKv},
                   {"tile", pattern.tile},
                   {"pairs", pattern.pairs},
                   {"all_pairs", pattern.allPairs},
                   {"mask", pattern.readsMask},
                   {"choice", pattern.readsChoice},
                   {"exact", pattern.isExact()},
                   {"cell", json::Array{pattern.cellQueries, pattern.cellKeys}},
                   {"cells", json::Array{image.rows, image.columns}},
                   {"at", json::Array{image.x, image.y}},
                   {"pixels", json::Array{image.cellWidth, image.cellHeight}}});
  picture.width = std::max(picture.width, right + kTick);
  picture.images.push_back(std::move(image));
}

void Layout::drawLegend() {
  constexpr int64_t kSwatch = 16;
  for (auto [used, kind] : zip_equal(isUsed, kKinds)) {
    if (!used)
      continue;
    int64_t baseline = top + Picture::kLineHeight - kGap;
    picture.rects.push_back(
        {kMargin, baseline - kSwatch + 2, kSwatch, kSwatch, kind.color});
    addText(kMargin + kSwatch + 2 * kGap, baseline, kind.meaning.str());
    top += Picture::kLineHeight;
  }
}

Picture Layout::draw(ArrayRef<Panel> panels) {
  for (const Panel &panel : panels) {
    drawPanel(panel);
    top += kMargin;
  }
  drawLegend();
  picture.width += kMargin;
  picture.height = top + kMargin;
  json::Value description = json::Object{{"attn-viz", std::move(descriptions)}};
  raw_string_ostream(picture.description) << description;
  return std::move(picture);
}

Picture mlir::attn::drawPatterns(ArrayRef<Panel> panels) {
  return Layout().draw(panels);
}
