package registry

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/go-playground/validator/v10"
)

// rules is the one validator in the program. A field is reported under its
// form name; its label tag completes the sentence "Enter a …".
var rules = func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("form"), ",")
		return name + "|" + f.Tag.Get("label")
	})
	must(v.RegisterValidation("plain_text", func(f validator.FieldLevel) bool { return isPlainText(f.Field().String()) }))
	must(v.RegisterValidation("redirect_uris", func(f validator.FieldLevel) bool {
		uris, _ := f.Field().Interface().([]string)
		return len(wrongRedirectURIs(uris)) == 0
	}))
	must(v.RegisterValidation("home_page", func(f validator.FieldLevel) bool { return CheckHomePage(f.Field().String()) == nil }))
	v.RegisterStructValidation(checkClientDetails, ClientDetails{})
	v.RegisterStructValidation(checkUserPassword, NewUser{})
	v.RegisterStructValidation(checkTeamPassword, Setup{})
	return v
}()

// Check reports the rules that in breaks as an Invalid error, or nil. It names
// every wrong field.
func Check(in any) error {
	err := rules.Struct(in)
	broken, ok := errors.AsType[validator.ValidationErrors](err)
	if !ok {
		return err // nil, or a misuse of the validator
	}
	invalid := Invalid{}
	for _, f := range broken {
		name, label, _ := strings.Cut(f.Field(), "|")
		label, _, _ = strings.Cut(label, "[") // an element of a list reports as the list
		if _, told := invalid[name]; !told {
			invalid[name] = explain(f, label)
		}
	}
	return invalid
}

func explain(f validator.FieldError, label string) string {
	list := f.Kind() == reflect.Slice
	switch f.Tag() {
	case "required":
		return "Enter " + article(label) + label + "."
	case "min":
		if list {
			return "Choose at least one " + label + "."
		}
		return fmt.Sprintf("Use at least %s characters.", f.Param())
	case "max":
		if list {
			return fmt.Sprintf("Enter at most %s %ss.", f.Param(), label)
		}
		return fmt.Sprintf("Use at most %s characters.", f.Param())
	case "unique":
		return "Name each " + label + " once."
	case "oneof":
		return fmt.Sprintf("Choose %s%s from: %s.", article(label), label, strings.Join(strings.Fields(f.Param()), ", "))
	case "redirect_uris":
		uris, _ := f.Value().([]string)
		return strings.Join(wrongRedirectURIs(uris), "\n")
	case "home_page":
		return CheckHomePage(fmt.Sprint(f.Value())).Error()
	case "refresh_alone":
		return "Choose authorization_code too: refresh tokens are for clients that act for users."
	case "public_alone":
		return "Choose client_secret_basic or client_secret_post: only clients that act for users, and never as themselves, can do without a secret."
	case "email":
		return "Enter an e-mail address such as name@example.com."
	case "guessable":
		return "Choose a password that is harder to guess: not a common one, and without your name, e-mail address or team."
	case "plain_text":
		return "Use visible characters only: no control or direction marks."
	default:
		return "Enter a valid " + label + "."
	}
}

func article(label string) string {
	if label != "" && strings.ContainsRune("aeiou", rune(label[0])) {
		return "an "
	}
	return "a "
}

// isPlainText refuses what would make a name look like another one: control
// characters (but line breaks), marks that change the direction of writing,
// and text that is not UTF-8.
func isPlainText(s string) bool {
	for _, r := range s {
		if r == unicode.ReplacementChar || (unicode.In(r, unicode.Cc, unicode.Cf) && r != '\n') {
			return false
		}
	}
	return true
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
