// Package static holds what browsers load beside pages: style, script, fonts
// and the mark, embedded in the binary.
//
// Every file has an address that names its content, so that browsers and
// proxies may keep it for a year and still see a change at once. Fonts are
// hashed before the style sheet that names them: a page that preloads a font
// and the style sheet then mean the same address, and it is fetched once.
//
// Brotli forms lie ready in br, under the addresses of what they pack, so that
// one of an earlier content is never served; "go test ./static -update" makes
// them. Gzip forms are made at a file's first request and kept.
//
// Third-party files and their licences (in licences/): htmx 4.0.1 (0BSD), Geist
// and Geist Mono (OFL 1.1), Lucide icons (ISC).
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
)

//go:embed css js fonts mark.svg
var files embed.FS

//go:embed br
var packed embed.FS

// root is where the Handler is mounted.
const root = "/static/"

// types are the content types of all files; a file of another kind does not
// belong here.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// asset is one embedded file under its address.
type asset struct {
	address     string
	contentType string
	plain       []byte
	brotli      []byte        // nil when there is no such form
	gzip        func() []byte // nil when the file is packed already
}

// library is all assets, by the name they have here and by their address.
type library struct{ byName, byAddress map[string]*asset }

var all = sync.OnceValue(func() library {
	lib := library{byName: map[string]*asset{}, byAddress: map[string]*asset{}}
	var sheets []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if path.Ext(name) == ".css" {
			sheets = append(sheets, name)
			return nil
		}
		content, err := files.ReadFile(name)
		lib.add(name, content)
		return err
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	for _, name := range sheets {
		content, _ := files.ReadFile(name)
		lib.add(name, lib.rewrite(content))
	}
	return lib
})

// rewrite puts the addresses of the assets into a style sheet, which names them
// as url("/static/…").
func (lib library) rewrite(sheet []byte) []byte {
	for name, a := range lib.byName {
		sheet = bytes.ReplaceAll(sheet, []byte(`url("`+root+name+`")`), []byte(`url("`+a.address+`")`))
	}
	return sheet
}

func (lib library) add(name string, content []byte) {
	contentType, known := types[path.Ext(name)]
	if !known {
		panic("static: a file of no known kind: " + name)
	}
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	a := &asset{
		address:     root + strings.TrimSuffix(name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext,
		contentType: contentType,
		plain:       content,
	}
	if ext != ".woff2" { // a woff2 is Brotli inside
		a.brotli, _ = packed.ReadFile(a.packedName()) // fails when there is none
		a.gzip = sync.OnceValue(func() []byte { return zip(content) })
	}
	lib.byName[name], lib.byAddress[a.address] = a, a
}

// packedName is the name of the asset's Brotli form.
func (a *asset) packedName() string { return "br/" + strings.TrimPrefix(a.address, root) + ".br" }

// zip returns content as gzip.
func zip(content []byte) []byte {
	var zipped bytes.Buffer
	z, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // fails for an unknown level only
	_, err := z.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		panic(err) // a Buffer takes everything
	}
	return zipped.Bytes()
}

// Path returns the address of a file, named as in this folder: "css/app.css".
// It panics when there is no such file, since names are written in the code.
func Path(name string) string {
	a, ok := all().byName[name]
	if !ok {
		panic(fmt.Sprintf("static: no file %q", name))
	}
	return a.address
}

// Handler serves every file at its address, packed as the browser likes it.
// Unknown addresses, and those of earlier contents, are 404.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := all().byAddress[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		content := a.plain
		header := w.Header()
		if a.gzip != nil {
			header.Set("Vary", "Accept-Encoding")
			switch accepted := r.Header.Get("Accept-Encoding"); {
			case a.brotli != nil && accepts(accepted, "br"):
				content = a.brotli
				header.Set("Content-Encoding", "br")
			case accepts(accepted, "gzip"):
				content = a.gzip()
				header.Set("Content-Encoding", "gzip")
			}
		}
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("Content-Type", a.contentType)
		header.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// accepts reports whether an Accept-Encoding header (RFC 9110, section 12.5.3)
// allows a coding by name. "*" is not taken at its word: plain is right for all.
func accepts(header, coding string) bool {
	for offer := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(offer, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			return !refused.MatchString(weight)
		}
	}
	return false
}

// refused matches the weight of a coding that is not wanted.
var refused = regexp.MustCompile(`^\s*q=0(\.0*)?\s*$`)
