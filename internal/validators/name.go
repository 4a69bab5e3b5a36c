package validators

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Name accepts the name of a key: a text in one line that shows all it has. It warns of blanks at the ends, which the
// service may drop and nobody sees.
func Name() validator.String { return name{} }

type name struct{}

func (name) Description(context.Context) string {
	return "value must be a text without line ends and control characters"
}

func (n name) MarkdownDescription(ctx context.Context) string { return n.Description(ctx) }

func (name) ValidateString(ctx context.Context, request validator.StringRequest, response *validator.StringResponse) {
	if NotBlank().ValidateString(ctx, request, response); response.Diagnostics.HasError() {
		return
	}
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	value := request.ConfigValue.ValueString()
	if at := strings.IndexFunc(value, isInvisible); at >= 0 {
		response.Diagnostics.AddAttributeError(request.Path, "Invisible character in a name", fmt.Sprintf("%s is %q, which has "+
			"%s. Names stand in one line and show all that they have: write %q.",
			request.Path, cut(value), nameInvisible(value[at:]), cut(visible(value))))
		return
	}
	if strings.TrimSpace(value) != value {
		response.Diagnostics.AddAttributeWarning(request.Path, "Blank at an end of a name", fmt.Sprintf("%s is %q. The service may drop "+
			"the blanks at the ends, and nobody sees them: write %q, unless you want them.",
			request.Path, cut(value), cut(strings.TrimSpace(value))))
	}
}

func isInvisible(r rune) bool {
	return unicode.IsControl(r) || r == byteOrderMark || r == '\u2028' || r == '\u2029'
}

// byteOrderMark is what some editors put at the beginning of a file.
const byteOrderMark = '\ufeff'

func nameInvisible(text string) string {
	switch r := []rune(text)[0]; r {
	case '\n', '\r', '\u2028', '\u2029':
		return "a line end"
	case byteOrderMark:
		return "a byte order mark"
	case '\t':
		return "a tabulator"
	default:
		return "a control character"
	}
}

// visible is the text without what cannot be seen in it.
func visible(text string) string {
	text = strings.ReplaceAll(text, string(byteOrderMark), "")
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(text, isInvisible), " "))
}
