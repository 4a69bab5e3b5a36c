package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// statusExpired is what the provider calls a key that is gone after its expiry. The service documents no such
// status of its own.
const statusExpired = "Expired"

// apiKeyModel holds the attributes of both kinds of key. Those that a kind does not have stay null.
type apiKeyModel struct {
	ProcessID               types.String
	Name                    types.String
	NamePrefix              types.String
	Scopes                  types.Set
	ExpiresAt               types.String
	ExpiresIn               types.String
	RotateBeforeExpiry      types.String
	RotationTriggers        types.Map
	RevokeOnDestroy         types.Bool
	AllowUndocumentedScopes types.Bool
	EncryptTo               types.List
	ID                      types.String
	OrganizationID          types.String
	Status                  types.String
	CreatedAt               types.String
	RotatesAt               types.String
	KeyVersion              types.Int64
	Key                     types.String
	EncryptedKey            types.String
	// grantedUntil is noted beside the state, see [keyNotes].
	grantedUntil *time.Time
	// KeyWO is write-only: only a configuration has it.
	KeyWO types.String
}

func (m *apiKeyModel) fields() []field {
	return []field{
		bindString("process_id", &m.ProcessID),
		bindString("name", &m.Name),
		bindString("name_prefix", &m.NamePrefix),
		bindSet("scopes", &m.Scopes),
		bindString("expires_at", &m.ExpiresAt),
		bindString("expires_in", &m.ExpiresIn),
		bindString("rotate_before_expiry", &m.RotateBeforeExpiry),
		bind("rotation_triggers", types.MapType{ElemType: texts}, &m.RotationTriggers),
		bindBool("revoke_on_destroy", &m.RevokeOnDestroy),
		bindBool("allow_undocumented_scopes", &m.AllowUndocumentedScopes),
		bind("encrypt_to", types.ListType{ElemType: texts}, &m.EncryptTo),
		bindString("id", &m.ID),
		bindString("organization_id", &m.OrganizationID),
		bindString("status", &m.Status),
		bindString("created_at", &m.CreatedAt),
		bindString("rotates_at", &m.RotatesAt),
		bind("key_version", types.Int64Type, &m.KeyVersion),
		bindString("key", &m.Key),
		bindString("encrypted_key", &m.EncryptedKey),
		bindString("key_wo", &m.KeyWO),
	}
}

// creation is what a creation from this plan is about. With name_prefix it gives the key its name.
func (m *apiKeyModel) creation(kind apiKeyKind, now time.Time) keyCreation {
	creation := keyCreation{
		kind: kind, processID: m.ProcessID.ValueString(), expiry: "expires_in",
		revokes: m.RevokeOnDestroy.ValueBool(), revocation: "revoke_on_destroy",
	}
	if m.ExpiresIn.IsNull() {
		creation.expiry = "expires_at"
	}
	if m.Name.ValueString() == "" { // null for an ephemeral key, and unknown in a plan
		creation.generated, m.Name = true, types.StringValue(generateName(m.NamePrefix.ValueString(), now))
	}
	creation.name = m.Name.ValueString()
	return creation
}

// generateName makes a name that no other key has: names may have to be unique, people see which key is older, and what a lost
// creation left is known by it.
func generateName(prefix string, now time.Time) string {
	random := make([]byte, 3)
	_, _ = rand.Read(random) // never fails
	return fmt.Sprintf("%s%s-%x", prefix, now.UTC().Format("20060102T150405Z"), random)
}

// loadAPIKey reads a state, a plan, a configuration or an identity. All is null if that is null.
func loadAPIKey(ctx context.Context, raw tftypes.Value, diags *diag.Diagnostics) apiKeyModel {
	var model apiKeyModel
	diags.Append(loadObject(ctx, raw, model.fields())...)
	return model
}

// store writes the model into a state, a plan or an identity.
func (m *apiKeyModel) store(ctx context.Context, raw *tftypes.Value) diag.Diagnostics {
	return storeObject(ctx, raw, m.fields())
}

// newAPIKeyModel returns a model whose attributes are all null. The zero value has collections without a type, which
// the framework refuses.
func newAPIKeyModel(ctx context.Context) apiKeyModel {
	var model apiKeyModel
	_ = loadObject(ctx, tftypes.NewValue(tftypes.Object{}, nil), model.fields()) // nothing to fail on
	return model
}

// importedModel is the state of a key of which only the listing is known: no secret, and settings that describe it.
func (k apiKeyKind) importedModel(ctx context.Context, processID string, key alphamoon.APIKey) apiKeyModel {
	model := newAPIKeyModel(ctx)
	model.RevokeOnDestroy = types.BoolValue(false)
	if k.ofProcess {
		model.ProcessID = types.StringValue(processID)
		model.AllowUndocumentedScopes = types.BoolValue(slices.ContainsFunc(key.Scopes,
			func(scope string) bool { return !alphamoon.IsDocumentedScope(scope) }))
	}
	model.applyListed(key)
	return model
}

// request translates a plan into what the API is asked for. With expires_in the expiry counts from now.
func (m *apiKeyModel) request(now time.Time, diags *diag.Diagnostics) alphamoon.APIKeyRequest {
	wanted := alphamoon.APIKeyRequest{Name: m.Name.ValueString(), Scopes: elements(m.Scopes.Elements())}
	if m.ExpiresIn.IsNull() {
		expiresAt, err := rotation.ParseInstant(m.ExpiresAt.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("expires_at"), "Invalid date", err.Error())
		}
		wanted.ExpiresAt = expiresAt
		return wanted
	}
	lifetime, err := rotation.ParseDuration(m.ExpiresIn.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("expires_in"), "Invalid duration", err.Error())
	}
	wanted.ExpiresAt = now.Add(lifetime).Truncate(time.Second) // a fraction could be rounded to another second
	return wanted
}

// applyCreated puts a new key into the state. What was asked for stays, however the service writes it: the API cannot change
// a key, so that another name or more scopes, taken over, would be a change in every plan. With expires_in the granted expiry
// is the key's.
func (m *apiKeyModel) applyCreated(key *alphamoon.CreatedAPIKey) {
	m.ID = types.StringValue(key.ID)
	m.OrganizationID, m.Status = stringOrNull(key.OrganizationID), stringOrNull(key.Status)
	m.CreatedAt, m.KeyVersion = stringOrNull(instantOrEmpty(key.CreatedAt.Time)), types.Int64Value(key.Version)
	if granted := key.ExpiresAt.Time; !m.ExpiresIn.IsNull() && !isInstant(m.ExpiresAt, granted) {
		m.ExpiresAt = stringOrNull(instantOrEmpty(granted))
	}
	m.RotatesAt = m.rotatesAt()
}

// applyListed puts into the state what it does not know of the key, and the status. What a listing shows otherwise is its way
// to write it, and what it leaves out says nothing.
// U: ids; names; scopes; expiries
func (m *apiKeyModel) applyListed(key alphamoon.APIKey) {
	m.ID = knownOr(m.ID, key.ID)
	m.Name = knownOr(m.Name, key.Name)
	if m.Scopes.IsNull() && key.Scopes != nil {
		m.Scopes = stringSet(key.Scopes)
	}
	m.OrganizationID = knownOr(m.OrganizationID, key.OrganizationID)
	m.CreatedAt = knownOr(m.CreatedAt, instantOrEmpty(key.CreatedAt.Time))
	m.ExpiresAt = knownOr(m.ExpiresAt, instantOrEmpty(key.ExpiresAt.Time))
	if key.Status != "" {
		m.Status = types.StringValue(key.Status)
	}
	m.RotatesAt = m.rotatesAt()
	if m.KeyVersion.IsNull() {
		m.KeyVersion = m.versionOfCreation()
	}
}

// knownOr returns the current value, or what the service says where there is none.
func knownOr(current types.String, listed string) types.String {
	if current.IsNull() {
		return stringOrNull(listed)
	}
	return current
}

// versionOfCreation derives key_version from the creation; null if that is not known.
func (m *apiKeyModel) versionOfCreation() types.Int64 {
	if createdAt, known := parseInstant(m.CreatedAt); known {
		return types.Int64Value(createdAt.Unix())
	}
	return types.Int64Null()
}

// openEncryption opens a file to all recipients together, before there is a secret; nil if there are none or if not
// all are known yet. Run by the plan too, so that a wrong recipient stops it, and not the apply.
func (m *apiKeyModel) openEncryption(ctx context.Context, diags *diag.Diagnostics) *encryption.File {
	recipients := m.EncryptTo.Elements()
	if len(recipients) == 0 || slices.ContainsFunc(recipients, attr.Value.IsUnknown) {
		return nil
	}
	file, err := encryption.NewFile(ctx, elements(recipients))
	if err == nil {
		return file
	}
	attribute, summary := path.Root("encrypt_to"), "Secret cannot be encrypted"
	if single, ok := errors.AsType[*encryption.RecipientError](err); ok {
		attribute, summary = attribute.AtListIndex(single.Index), "Invalid recipient"
	}
	diags.AddAttributeError(attribute, summary, fmt.Sprintf("No key was created, because its secret cannot be encrypted: %s.", err))
	return nil
}

// setSecret puts the secret of a new key into the state, encrypted if there is a file for it.
func (m *apiKeyModel) setSecret(secret redact.Secret, file *encryption.File, diags *diag.Diagnostics) {
	if err := m.sealSecret(secret, file); err != nil {
		diags.AddAttributeError(path.Root("encrypted_key"), "Secret could not be encrypted",
			fmt.Sprintf("The key %s was created, but its secret could not be encrypted and is lost: %s. The key is in the "+
				"state as tainted, without its secret: the next apply replaces it.", m.ID.ValueString(), err))
	}
}

// sealSecret sets the attribute that holds a secret: encrypted_key if there is a file to encrypt to, else key.
func (m *apiKeyModel) sealSecret(secret redact.Secret, file *encryption.File) error {
	m.Key, m.EncryptedKey = types.StringNull(), types.StringNull()
	switch {
	case secret.IsZero():
	case file == nil:
		m.Key = types.StringValue(secret.Reveal())
	default:
		encrypted, err := file.Seal(secret.Reveal())
		if err != nil {
			return err
		}
		m.EncryptedKey = types.StringValue(encrypted)
	}
	return nil
}

// hasSecret reports whether the state holds the secret, in plain text or encrypted. An imported key has none.
func (m *apiKeyModel) hasSecret() bool { return !m.Key.IsNull() || !m.EncryptedKey.IsNull() }

// expiry returns the instant at which the key expires; false if it is not known, or if there is none.
func (m *apiKeyModel) expiry() (time.Time, bool) {
	if m.grantedUntil != nil {
		return *m.grantedUntil, !m.grantedUntil.IsZero()
	}
	return parseInstant(m.ExpiresAt)
}

// expired reports whether the key is known to be past its expiry.
func (m *apiKeyModel) expired(now time.Time) bool {
	expiresAt, known := m.expiry()
	return known && rotation.Expired(now, expiresAt)
}

// createdAt is when the key was made, zero if that is not known.
func (m *apiKeyModel) createdAt() time.Time {
	createdAt, known := parseInstant(m.CreatedAt)
	if !known && m.KeyVersion.ValueInt64() > 0 {
		return time.Unix(m.KeyVersion.ValueInt64(), 0) // it is the creation in Unix seconds
	}
	return createdAt
}

// rotationKey is what decisions about time have to know of the key. One whose expiry nobody knows never expires.
// U: keys that never expire
func (m *apiKeyModel) rotationKey() rotation.Key {
	key := rotation.Key{CreatedAt: m.createdAt(), Disabled: m.disabled(), Adopted: !m.hasSecret()}
	var known bool
	if key.ExpiresAt, known = m.expiry(); !known {
		key.ExpiresAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return key
}

// policy returns how the key is rotated. A window that is not known yet counts as none.
func (m *apiKeyModel) policy() rotation.Policy {
	// Both were validated, and what is null or unknown is no duration.
	lifetime, _ := rotation.ParseDuration(m.ExpiresIn.ValueString())
	window := rotation.DefaultWindow(lifetime)
	if !m.RotateBeforeExpiry.IsNull() {
		window, _ = rotation.ParseWindow(m.RotateBeforeExpiry.ValueString())
	}
	return rotation.Policy{Lifetime: lifetime, Window: window}
}

// rotatesAt derives the attribute of that name from the others. It is null where a key has no expiry and nobody knows when it
// was created.
func (m *apiKeyModel) rotatesAt() types.String {
	switch {
	case m.ExpiresIn.IsNull(), m.ExpiresAt.IsNull() && m.createdAt().IsZero():
		return types.StringNull()
	case m.ExpiresAt.IsUnknown() || m.ExpiresIn.IsUnknown() || m.RotateBeforeExpiry.IsUnknown():
		return types.StringUnknown()
	}
	rotatesAt, _ := m.policy().RotatesAt(m.rotationKey())
	return types.StringValue(formatInstant(rotatesAt))
}

// disabled reports whether the service says that the key does not work.
func (m *apiKeyModel) disabled() bool { return alphamoon.DoesNotWork(m.Status.ValueString()) }

// describe names the key within a sentence.
func (m *apiKeyModel) describe() string {
	return fmt.Sprintf("%q (%s)", redact.Show(m.Name.ValueString()), redact.ShowID(m.ID.ValueString()))
}

// worksUntil says until when the key works.
func (m *apiKeyModel) worksUntil() string {
	expiresAt, known := m.expiry()
	switch {
	case !known:
		return "it is deleted"
	case m.grantedUntil != nil:
		return formatInstant(expiresAt)
	default:
		return m.ExpiresAt.ValueString()
	}
}
