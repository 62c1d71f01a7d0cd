package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"

	_ "image/gif"  // logos come in these formats too
	_ "image/jpeg" // and are kept as PNG

	"github.com/labstack/echo/v4"
	"golang.org/x/image/draw"

	"clientele/registry"
)

const (
	maxLogoFile = 1 << 20   // bytes of what is uploaded
	maxLogoSide = 4096      // pixels of what is uploaded
	maxLogoPNG  = 200 << 10 // bytes of what is kept
)

// logoSides are the longest sides in pixels that a logo is kept with: the first
// with which it is small enough. With the last, any is.
var logoSides = []int{256, 192}

// logo handles GET /logos/{hash}.png. What is at the address never changes.
func (s *Server) logo(c echo.Context) error {
	hash, isPNG := strings.CutSuffix(c.Param("file"), ".png")
	if !isPNG {
		return registry.ErrNotFound
	}
	picture, err := s.Store.Logo(c.Request().Context(), hash)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, "image/png", picture)
}

// encodeLogo returns a picture as the PNG that is kept of it. Nothing of the
// file is but its pixels, scaled down. It fails with registry.Invalid.
func encodeLogo(file []byte) ([]byte, error) {
	if len(file) > maxLogoFile {
		return nil, wrongLogo("Choose a file of at most 1 MB.")
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, wrongLogo("Choose a PNG, JPEG or GIF file. Other formats are not taken.")
	case size.Width > maxLogoSide || size.Height > maxLogoSide:
		return nil, wrongLogo("Choose a picture of at most 4096 × 4096 pixels.")
	}
	decoding.Lock()
	defer decoding.Unlock()
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil || picture.Bounds().Empty() {
		return nil, wrongLogo("The file is damaged. Save the picture anew, or choose another.")
	}
	var encoded bytes.Buffer
	for _, side := range logoSides {
		encoded.Reset()
		if err := png.Encode(&encoded, fit(picture, side)); err != nil {
			return nil, err
		}
		if encoded.Len() <= maxLogoPNG {
			break
		}
	}
	return encoded.Bytes(), nil
}

// decoding has one picture in memory at a time: a small file may hold 64 MB of pixels.
var decoding sync.Mutex

func wrongLogo(message string) registry.Invalid { return registry.Invalid{"logo": message} }

// fit returns a picture with its longest side at most as long.
func fit(picture image.Image, side int) image.Image {
	from := picture.Bounds()
	longest := max(from.Dx(), from.Dy())
	if longest <= side {
		same := image.NewNRGBA(image.Rect(0, 0, from.Dx(), from.Dy()))
		draw.Draw(same, same.Rect, picture, from.Min, draw.Src)
		return same
	}
	scaled := image.NewNRGBA(image.Rect(0, 0, max(1, from.Dx()*side/longest), max(1, from.Dy()*side/longest)))
	draw.CatmullRom.Scale(scaled, scaled.Rect, picture, from, draw.Src, nil)
	return scaled
}

// readLogo returns what a form wants of the logo: the file that was chosen or,
// if none was, the one that it carries along from the time before.
func readLogo(form url.Values, file []byte) (edit registry.LogoEdit, wrong registry.Invalid, err error) {
	edit.Remove = form.Get("logo_remove") != ""
	if kept, err := base64.StdEncoding.DecodeString(form.Get("logo_kept")); err == nil && len(kept) > 0 && !edit.Remove {
		if picture, err := encodeLogo(kept); err == nil { // what we sent comes back as it was, or not at all
			edit.PNG = picture
		}
	}
	if len(file) == 0 {
		return edit, nil, nil
	}
	picture, err := encodeLogo(file)
	if wrong, is := errors.AsType[registry.Invalid](err); is {
		return edit, wrong, nil
	}
	edit.PNG = picture
	return edit, nil, err
}

// bodyWithFile is body for the few forms that may carry a file along. Of a file
// that is too long it returns just enough to see that.
func bodyWithFile(c echo.Context) (form url.Values, file []byte, err error) {
	kind, params, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEMultipartForm {
		form, err = body(c)
		return form, nil, err
	}
	form = url.Values{}
	parts, left := multipart.NewReader(c.Request().Body, params["boundary"]), int64(bodyLimit)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, unreadable(err)
		}
		limit := max(left, 0)
		if part.FileName() != "" {
			limit = maxLogoFile
		}
		content, err := io.ReadAll(io.LimitReader(part, limit+1))
		if err != nil {
			return nil, nil, unreadable(err)
		}
		if part.FileName() != "" {
			file = content
			continue
		}
		const header = 100 // a part takes about as much beside what is in it
		if left -= int64(len(content)) + header; left < 0 {
			return nil, nil, echo.ErrStatusRequestEntityTooLarge
		}
		form.Add(part.FormName(), string(content))
	}
	if !isTextForm(form) {
		return nil, nil, echo.ErrBadRequest
	}
	return form, file, nil
}
