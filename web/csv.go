package web

import (
	"encoding/csv"
	"log/slog"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// download is an answer that a browser saves as a file. Nothing is sent before
// the first byte of it, so that whatever fails until then gets an answer of
// its own.
type download struct {
	c         echo.Context
	name      string
	mediaType string
	begun     bool
}

func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		header := d.c.Response().Header()
		header.Set("Content-Type", d.mediaType)
		header.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		header.Set("Cache-Control", "no-store")
		d.c.Response().WriteHeader(http.StatusOK)
	}
	return d.c.Response().Write(p)
}

// end returns err for an answer of its own. A file that is half sent is broken
// off instead, so that nobody takes it for a whole one.
func (d *download) end(s *Server, err error) error {
	if err != nil && d.begun {
		s.Log.WarnContext(d.c.Request().Context(), "a download broke off",
			slog.String("request_id", requestID(d.c)), slog.String("file", d.name), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	return err
}

// csvDownload is a download of rows for a spreadsheet.
type csvDownload struct {
	download
	head  []string
	lines *csv.Writer // once begun
}

func newCSV(c echo.Context, name string, head ...string) *csvDownload {
	return &csvDownload{download: download{c: c, name: name, mediaType: "text/csv; charset=utf-8; header=present"}, head: head}
}

// row adds a row. No cell of it is a formula to a spreadsheet.
func (d *csvDownload) row(cells ...string) error {
	for i, cell := range cells {
		cells[i] = inert(cell)
	}
	if err := d.begin(); err != nil {
		return err
	}
	return d.lines.Write(cells)
}

// end ends the file, which has its head even without rows, unless err broke it off.
func (d *csvDownload) end(s *Server, err error) error {
	if err == nil {
		err = d.begin()
	}
	if err == nil {
		d.lines.Flush()
		err = d.lines.Error()
	}
	return d.download.end(s, err)
}

func (d *csvDownload) begin() error {
	if d.lines != nil {
		return nil
	}
	d.lines = csv.NewWriter(&d.download)
	return d.lines.Write(d.head)
}

// inert returns a cell that no spreadsheet takes for a formula (CWE-1236).
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); strings.ContainsRune("=+-@＝＋－＠\t\r\n", first) {
		return "'" + cell
	}
	return cell
}
