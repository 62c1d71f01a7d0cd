package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	strict "github.com/go-jose/go-jose/v4/json" // takes no name twice, and none in other letters, so that no two programs read one call differently
	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// jsonBody reads the body of a call into what it is to be, without the members
// that this does not know. It fails with registry.Invalid when the body is no
// such thing.
func jsonBody(c echo.Context, into any) error {
	text, err := jsonText(c)
	if err != nil {
		return err
	}
	return decode(text, into)
}

// exactJSON is jsonBody for a call of which all members have to be known.
func exactJSON(c echo.Context, into any) error {
	text, err := jsonText(c)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(into); err == nil {
		return decode(text, into)
	}
	wrong := strings.TrimPrefix(err.Error(), "json: ")
	if member, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		wrong = cmp.Or(member.Field, "it") + " is no " + member.Value
	}
	return registry.Invalid{"body": "Send one JSON object as it is described: " + wrong + "."}
}

func decode(text []byte, into any) error {
	err := strict.Unmarshal(text, into)
	if wrong, ok := errors.AsType[*strict.UnmarshalTypeError](err); ok {
		return registry.Invalid{"body": fmt.Sprintf("Send other JSON: a %s stands where it cannot.", wrong.Value)}
	}
	if err != nil {
		return registry.Invalid{"body": "Send one JSON object, in which no name stands twice and after which nothing comes."}
	}
	return nil
}

// jsonText returns the body of a call that says that it is JSON.
func jsonText(c echo.Context) ([]byte, error) {
	r := c.Request()
	if kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || kind != echo.MIMEApplicationJSON {
		return nil, echo.ErrUnsupportedMediaType
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	return text, nil
}
