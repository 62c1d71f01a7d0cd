package registry

import (
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"
)

// checkUserPassword refuses a password that is common, or made of what
// everyone knows of its user.
func checkUserPassword(level validator.StructLevel) {
	u, _ := level.Current().Interface().(NewUser)
	local, _, _ := strings.Cut(u.Email, "@")
	if isCommon(u.Password) || holdsAny(u.Password, local, u.Name, "clientele") {
		level.ReportError(u.Password, "password|password", "Password", "guessable", "")
	}
}

// checkTeamPassword refuses a password that is made of the team's name.
func checkTeamPassword(level validator.StructLevel) {
	s, _ := level.Current().Interface().(Setup)
	if holdsAny(s.Password, s.Team) {
		level.ReportError(s.Password, "password|password", "Password", "guessable", "")
	}
}

// holdsAny reports whether password holds one of words, in whatever case and
// spacing. Words under four letters do not count.
func holdsAny(password string, words ...string) bool {
	password = squeeze(password)
	return slices.ContainsFunc(words, func(word string) bool {
		word = squeeze(word)
		return len(word) >= 4 && strings.Contains(password, word)
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), "") }

// isCommon reports whether a password is among the first that a guesser tries:
// few different characters, or one of the common ones that are long enough.
func isCommon(password string) bool {
	password = strings.ToLower(password)
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	return password != "" && (len(different) < 5 || slices.Contains(commonPasswords, password))
}

// commonPasswords are those of twelve characters and more that lists of leaked
// passwords name most often.
var commonPasswords = []string{
	"0123456789ab", "0987654321qw", "1234567890123", "123456789012", "12345678901234", "123456789123", "1234567891011",
	"123456789abc", "1234567890qwe", "1234567890qwertyuiop", "1234qwerasdf", "123qweasdzxc", "123456qwerty", "12345qwertyui",
	"1q2w3e4r5t6y", "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc", "1qazxsw23edc", "qwerty123456", "qwerty12345678", "qwertyqwerty",
	"qwertyuiop12", "qwertyuiop123", "qwertyuiopas", "qwertyuiop[]", "qwertyuiopasdfghjkl", "qwertyuiopasdfghjklzxcvbnm",
	"asdfghjkl123", "zxcvbnm12345", "q1w2e3r4t5y6", "qazwsxedcrfv", "password1234", "password12345", "password123456",
	"passwordpassword", "password!234", "p@ssword1234", "p@ssw0rd1234", "passw0rd1234", "mypassword123", "newpassword123",
	"administrator", "administrator1", "admin1234567", "adminadmin12", "welcome12345", "welcome123456", "changeme1234",
	"changemenow1", "letmein12345", "letmeinletmein", "iloveyou1234", "iloveyou12345", "iloveyouforever", "sunshine1234",
	"football1234", "baseball1234", "princess1234", "superman1234", "trustno1trustno1", "unbelievable", "abc123abc123",
	"abcd12345678", "abcdefghijkl", "abcdefghijklm", "abcdefghijklmnopqrstuvwxyz", "a1b2c3d4e5f6", "aa123456789a",
	"correcthorsebatterystaple", "correct horse battery staple", "thisisapassword", "testtesttest", "test12345678", "secret123456",
}
