package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// What several schemas say of the same arguments.
const (
	processIDDescription = "The process that the key gives access to: 32 lower-case hexadecimal characters, " +
		"the last part of the web address of the process's queue."
	nameDescription   = "The name of the key, as the web application shows it. Names need not be unique."
	scopesDescription = "What the key permits, at least one scope such as `workspace.result:read`."
	keyDescription    = "The key itself, in the form `user:pass`."
)

// scopesValidators check the form of the scopes, and that they are documented where a catalogue is.
func (k apiKeyKind) scopesValidators() []validator.Set {
	rules := []validator.Set{
		setvalidator.SizeAtLeast(1),
		setvalidator.NoNullValues(),
		setvalidator.ValueStringsAre(validators.Scope()),
	}
	if k.catalogue {
		rules = append(rules, validators.DocumentedScopes("allow_undocumented_scopes"))
	}
	return rules
}

// resourceSchema describes the resource. What a change means is decided in the plan, see [planAPIKeyChange].
func (k apiKeyKind) resourceSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription + " A change creates a new key.",
			Required:            true,
			Validators:          []validator.String{validators.NotBlank()},
		},
		"scopes": schema.SetAttribute{
			MarkdownDescription: scopesDescription + " A change creates a new key.",
			Required:            true,
			ElementType:         texts,
			Validators:          k.scopesValidators(),
		},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "When the key expires, an RFC 3339 date and time such as `2027-01-31T12:00:00Z`, in " +
				"whole seconds: the service drops " +
				"fractions. Set exactly one of `expires_at` and `expires_in`. Another instant creates a new key; another " +
				"spelling of the same instant changes nothing. A key with a fixed date is not rotated automatically.",
			Optional: true,
			Computed: true,
			Validators: []validator.String{
				validators.Instant(),
				stringvalidator.ExactlyOneOf(path.MatchRoot("expires_at"), path.MatchRoot("expires_in")),
			},
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "How long each key lives, counted from its creation, such as `90d`, `1w` or `36h`; a " +
				"day has 24 hours. Another duration " +
				"creates a new key. Set for the first time, after an import, it changes only the state.",
			Optional:   true,
			Validators: []validator.String{validators.Duration()},
		},
		"rotate_before_expiry": schema.StringAttribute{
			MarkdownDescription: "How long before its expiry the next apply replaces the key, such as `30d`. It must be " +
				"shorter than `expires_in`, " +
				"which it needs. Without it the key is replaced once it has expired. A change creates a new key only if " +
				"it makes the key due.",
			Optional: true,
			Validators: []validator.String{
				validators.Duration(),
				validators.ShorterThan("expires_in"),
				stringvalidator.AlsoRequires(path.MatchRoot("expires_in")),
			},
		},
		"rotation_triggers": schema.MapAttribute{
			MarkdownDescription: "Arbitrary values that replace the key when changed, also when set for the first time. " +
				"Removing them changes only the state, and so does setting them for an imported key that was not replaced yet.",
			Optional:    true,
			ElementType: texts,
			Validators:  []validator.Map{mapvalidator.NoNullValues()},
		},
		"revoke_on_destroy": schema.BoolAttribute{
			MarkdownDescription: k.revokeDescription,
			Optional:            true,
			Computed:            true,
			Default:             booldefault.StaticBool(k.revokes),
		},
		"encrypt_to": schema.ListAttribute{
			MarkdownDescription: "Public keys of age (`age1…`, plugins included) or SSH (`ssh-ed25519 …`, `ssh-rsa …`). " +
				"The state then holds the secret only encrypted to them, " +
				"in `encrypted_key`, and `key` is null. Other keys create a new key; order, blanks and comments make no difference.",
			Optional:    true,
			ElementType: texts,
			Validators: []validator.List{
				listvalidator.SizeAtLeast(1),
				listvalidator.NoNullValues(),
				listvalidator.UniqueValues(),
				listvalidator.ValueStringsAre(validators.Recipient()),
			},
		},
		"id": schema.StringAttribute{
			MarkdownDescription: "The id of the key.",
			Computed:            true,
		},
		"organization_id": schema.StringAttribute{
			MarkdownDescription: "The organization or user that the key belongs to.",
			Computed:            true,
		},
		"status": schema.StringAttribute{
			MarkdownDescription: "`Active`, or the status that the service states instead; `Expired` for a key that is " +
				"no longer listed after its expiry. " +
				"A key that is not active before its expiry is replaced.",
			Computed: true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "When the key was created, as an RFC 3339 date and time.",
			Computed:            true,
		},
		"rotates_at": schema.StringAttribute{
			MarkdownDescription: "Time after which the next apply replaces the key, as an RFC 3339 date and time; null " +
				"with a fixed `expires_at`. It is " +
				"`rotate_before_expiry` before the end of the key's life: its expiry, or `created_at` plus `expires_in` " +
				"if the key was made to live longer.",
			Computed: true,
		},
		"key_version": schema.Int64Attribute{
			MarkdownDescription: "A number that grows with every new key: when it was created, in seconds since 1970. " +
				"Pass it to the `…_wo_version` argument of a secret store, " +
				"which writes a new secret only when that number changes.",
			Computed: true,
		},
		"key": schema.StringAttribute{
			MarkdownDescription: keyDescription + " The service shows it once, when it creates the key, so it is null " +
				"after an import. " +
				"It is also null with `encrypt_to`.",
			Computed:  true,
			Sensitive: true,
		},
		"encrypted_key": schema.StringAttribute{
			MarkdownDescription: "The key, encrypted to `encrypt_to`: an armored age file, which `age -d -i " +
				"identity.txt` decrypts. Null without `encrypt_to`.",
			Computed: true,
		},
	}
	if k.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: processIDDescription + " A change creates a new key.",
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
	}
	if k.catalogue {
		attributes["allow_undocumented_scopes"] = schema.BoolAttribute{
			MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. Their form is " +
				"checked all the same. Default: `false`.",
			Optional: true,
			Computed: true,
			Default:  booldefault.StaticBool(false),
		}
	}
	return schema.Schema{MarkdownDescription: k.description, Attributes: attributes}
}
