package main

import (
	"bytes"
	"fmt"
	"slices"
)

// picture draws a row for each page: how long it took at each size, one mark
// beside the other where growth costs nothing.
func (g *growth) picture() []byte {
	const (
		left, width, gap, top, row = 260, 300, 40, 56, 24
		most                       = 25.0 // milliseconds
	)
	pages := growingPages()
	height := top + row*len(pages) + 64
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">
<title>How long pages take at 1,000, 100,000 and 1,000,000 rows, on both databases</title>
<style>
text { fill: #1f2328 } .quiet { fill: #59636e } rect { fill: #fff } line { stroke: #d1d9e0 } .bar { stroke: #cf222e; stroke-dasharray: 3 3 }
.s0 { fill: #a9c8f5 } .s1 { fill: #4a8be8 } .s2 { fill: #0b3d91 } .t0 { stroke: #a9c8f5 } .t1 { stroke: #4a8be8 } .t2 { stroke: #0b3d91 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .quiet { fill: #9198a1 } rect { fill: #0d1117 } line { stroke: #3d444d } .bar { stroke: #f85149 }
.s0 { fill: #1f4f93 } .s1 { fill: #4a8be8 } .s2 { fill: #cfe2ff } .t0 { stroke: #1f4f93 } .t1 { stroke: #4a8be8 } .t2 { stroke: #cfe2ff } }
</style>
<rect width="100%%" height="100%%" rx="8"/>
`, left+2*width+gap+30, height)
	x := func(panel int, ms float64) float64 {
		return float64(left+panel*(width+gap)) + min(ms, most)/most*width
	}
	for panel, database := range []string{"SQLite", "PostgreSQL"} {
		fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"24\" font-weight=\"600\">%s</text>\n", x(panel, 0), database)
		for ms := 0.0; ms <= most; ms += 5 {
			class := ""
			if ms == 10 || ms == 25 {
				class = ` class="bar"`
			}
			at := x(panel, ms)
			fmt.Fprintf(&b, "<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%d\" y2=\"%d\"%s/>\n", at, at, top-8, height-60, class)
			fmt.Fprintf(&b, "<text class=\"quiet\" x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", at, top-14, ms)
		}
		for _, one := range g.all {
			if one.database != database {
				continue
			}
			s := slices.Index(sizes, one.size)
			for i, page := range one.pages {
				y := top + row*i + 4 + s*6
				from, to := x(panel, milliseconds(median(page.times))), x(panel, milliseconds(p99(page.times)))
				fmt.Fprintf(&b, "<line class=\"t%d\" stroke-width=\"2\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", s, from, to, y, y)
				fmt.Fprintf(&b, "<circle class=\"s%d\" r=\"3\" cx=\"%.1f\" cy=\"%d\"/>\n", s, from, y)
			}
		}
	}
	for i, page := range pages {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left-12, top+row*i+14, page.what)
	}
	for i, size := range sizes {
		fmt.Fprintf(&b, "<circle class=\"s%d\" r=\"4\" cx=\"%d\" cy=\"%d\"/><text x=\"%d\" y=\"%d\">%s rows</text>\n", i, left+i*120, height-42, left+i*120+10, height-38, count(size))
	}
	fmt.Fprintf(&b, "<text class=\"quiet\" x=\"%d\" y=\"%d\">milliseconds: a dot is the median, its line ends at p99, what is longer lies at the edge; red lines are the bars at 100,000 and 1,000,000 rows</text>\n</svg>\n", 8, height-14)
	return b.Bytes()
}
