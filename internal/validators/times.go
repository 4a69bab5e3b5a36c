package validators

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// Duration accepts a positive duration in whole weeks, days, hours, minutes and seconds. The example is one that fits the
// argument.
func Duration(example string) validator.String {
	return duration("be a duration above zero", example, rotation.ParseDuration)
}

// Window accepts a duration that may also be zero.
func Window() validator.String {
	return duration("be a duration or 0s", "30d, or 0s for none", rotation.ParseWindow)
}

func duration(must, example string, parse func(string) (time.Duration, error)) validator.String {
	return rule{must, "Invalid duration", func(_ context.Context, value string, request validator.StringRequest) string {
		if _, err := parse(value); err != nil {
			return fmt.Sprintf("%q cannot be used as %s: %s. Write it like %s.", cut(value), request.Path, err, example)
		}
		return ""
	}}
}

// DurationUpTo accepts a duration that is not longer than the given one. What is no duration is left to [Duration].
func DurationUpTo(longest time.Duration) validator.String {
	hours := int(longest.Hours())
	return rule{
		fmt.Sprintf("be at most %d hours", hours), "Duration too long",
		func(_ context.Context, value string, request validator.StringRequest) string {
			if duration, err := rotation.ParseDuration(value); err == nil && duration > longest {
				return fmt.Sprintf("%s is %q, but at most %d hours are allowed here. Write %dh or less.",
					request.Path, cut(value), hours, hours)
			}
			return ""
		},
	}
}

// ShorterThan accepts a duration shorter than the one in the attribute of the given name. What is no duration
// on either side is left to [Duration].
func ShorterThan(name string) validator.String {
	return rule{
		"be shorter than " + name, "Duration too long",
		func(ctx context.Context, value string, request validator.StringRequest) string {
			var other types.String
			if diags := request.Config.GetAttribute(ctx, path.Root(name), &other); diags.HasError() {
				return diags.Errors()[0].Detail()
			}
			// The text of a null or unknown value is empty and so no duration.
			short, shortErr := rotation.ParseDuration(value)
			long, longErr := rotation.ParseDuration(other.ValueString())
			if shortErr != nil || longErr != nil || short < long {
				return ""
			}
			return fmt.Sprintf("%s is %q and must be shorter than %s, which is %q: otherwise every new key would be due at once.",
				request.Path, cut(value), name, cut(other.ValueString()))
		},
	}
}

// Instant accepts an RFC 3339 date and time with an offset.
func Instant() validator.String {
	return rule{
		"be a date and time with an offset (RFC 3339), like 2027-01-31T12:00:00Z", "Invalid date",
		func(_ context.Context, value string, request validator.StringRequest) string {
			_, err := rotation.ParseInstant(value)
			switch {
			case errors.Is(err, rotation.ErrNoSuchInstant):
				return fmt.Sprintf("%q cannot be used as %s: the calendar has no such day, or the clock no such time. Check the month, "+
					"the day, the time and the offset.", cut(value), request.Path)
			case err != nil:
				return fmt.Sprintf("%q cannot be used as %s: it must be a date and a time with an offset (RFC 3339). Write "+
					"2027-01-31T12:00:00Z for noon in UTC, or 2027-01-31T12:00:00+01:00 for noon one hour east of it.",
					cut(value), request.Path)
			}
			return ""
		},
	}
}
