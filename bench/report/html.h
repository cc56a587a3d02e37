// SPDX-License-Identifier: Apache-2.0
//
// The smallest pieces of the page: text that is safe in HTML, quantities for people, tables.
//
// What is produced is well-formed XML, so that a test can check it and a browser need not guess.
//
// Threads: pure functions on values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/result/measurement.h"

namespace vexfs {

// For text and for attributes in double quotes. Bytes that XML forbids become '?'.
std::string escaped(std::string_view text);

// "12,346"; three significant digits below 1,000.
std::string number_text(double value);

// "12.3 us", "45,678 /s", "312 bytes", "1.5 GiB", "95.1%"
std::string quantity(double value, std::string_view unit);

// "2.11x (2.05..2.30)"; without the span if there is none.
std::string ratio_text(const Ratio& ratio);

// The median, and the span of the rounds if there are several.
std::string figure_text(const Figure& figure);

// "rows=20000 dim=128", without those that are named.
std::string parameters_text(const Measurement& measurement,
                            const std::vector<std::string_view>& without = {});

class Table {
  public:
    explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

    // As many cells as the header has; text, not HTML. The row is set off if it is `ours`.
    void row(std::vector<std::string> cells, bool ours = false);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // In a box that scrolls sideways where the screen is narrow.
    [[nodiscard]] std::string html() const;

  private:
    struct Row {
        std::vector<std::string> cells;
        bool ours;
    };

    std::vector<std::string> header_;
    std::vector<Row> rows_;
};

} // namespace vexfs
