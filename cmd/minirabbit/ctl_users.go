package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// The commands for users and what they may do.

func (c *ctl) listUserPermissions(ctx context.Context) error {
	c.say("Listing permissions for user %q ...", c.args[0])
	var items []map[string]any
	if err := c.api.get(ctx, path("users", c.args[0], "permissions"), &items); err != nil {
		if isStatus(err, http.StatusNotFound) {
			return ctlErrorf(ctlUnavailable, "{:no_such_user, %q}", c.args[0])
		}
		return err
	}
	var rows []row
	for _, o := range items {
		rows = append(rows, row{o["vhost"], o["configure"], o["write"], o["read"]})
	}
	return c.print([]string{"vhost", "configure", "write", "read"}, rows)
}

func (c *ctl) noUser(err error) error {
	if isStatus(err, http.StatusNotFound) {
		return ctlErrorf(ctlNoUser, "User %q does not exist", c.args[0])
	}
	return err
}

func (c *ctl) addUser(ctx context.Context) error {
	name := c.args[0]
	c.say("Adding user %q ...", name)
	password, err := c.secondOrInput()
	if err != nil {
		return err
	}
	if err := c.api.get(ctx, path("users", name), nil); err == nil {
		return ctlErrorf(ctlSoftware, "User %q already exists", name)
	}
	if err := c.api.put(ctx, path("users", name), map[string]any{"password": password, "tags": ""}); err != nil {
		return err
	}
	c.say("Done. Don't forget to grant the user permissions to some virtual hosts! See 'rabbitmqctl help set_permissions' to learn more.")
	return nil
}

// secondOrInput returns the second argument, or else a line of standard input.
func (c *ctl) secondOrInput() (string, error) {
	if len(c.args) > 1 {
		return c.args[1], nil
	}
	text, err := io.ReadAll(os.Stdin)
	return strings.TrimRight(string(text), "\r\n"), err
}

func (c *ctl) deleteUser(ctx context.Context) error {
	c.say("Deleting user %q ...", c.args[0])
	err := c.api.delete(ctx, path("users", c.args[0]))
	if isStatus(err, http.StatusNotFound) && !c.words(ctx).CtlToldOfMissing {
		return nil
	}
	return c.noUser(err)
}

// changeUser changes what the API says of a user.
func (c *ctl) changeUser(ctx context.Context, change func(u map[string]any)) error {
	var u map[string]any
	if err := c.api.get(ctx, path("users", c.args[0]), &u); err != nil {
		return c.noUser(err)
	}
	change(u)
	return c.api.put(ctx, path("users", c.args[0]), u)
}

func (c *ctl) changePassword(ctx context.Context) error {
	c.say("Changing password for user %q ...", c.args[0])
	return c.changeUser(ctx, func(u map[string]any) {
		delete(u, "password_hash")
		u["password"] = c.args[1]
	})
}

func (c *ctl) clearPassword(ctx context.Context) error {
	c.say("Clearing password for user %q ...", c.args[0])
	return c.changeUser(ctx, func(u map[string]any) { u["password_hash"] = "" })
}

func (c *ctl) setUserTags(ctx context.Context) error {
	c.say("Setting tags for user %q to [%s] ...", c.args[0], strings.Join(c.args[1:], ", "))
	return c.changeUser(ctx, func(u map[string]any) { u["tags"] = append([]string{}, c.args[1:]...) })
}

func (c *ctl) authenticateUser(ctx context.Context) error {
	c.say("Authenticating user %q ...", c.args[0])
	_, err := c.api.call(ctx, http.MethodPost, path("minirabbit", "passwords", c.args[0]), map[string]string{"password": c.args[1]}, nil)
	if isStatus(err, http.StatusForbidden) {
		return ctlErrorf(ctlBadData, "Error:\nError: failed to authenticate user %q\nuser '%s' - invalid credentials", c.args[0], c.args[0])
	}
	if err == nil {
		fmt.Fprintln(c.stdout, "Success")
	}
	return err
}

// scoped explains an error about a user in a virtual host.
func (c *ctl) scoped(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if c.api.get(ctx, path("vhosts", c.vhost), nil) != nil {
		return ctlErrorf(ctlUnavailable, "Virtual host %s does not exist", c.vhost)
	}
	if c.api.get(ctx, path("users", c.args[0]), nil) != nil {
		return ctlErrorf(ctlNoUser, "User %s does not exist", c.args[0])
	}
	return err
}

func (c *ctl) setPermissions(ctx context.Context) error {
	c.say("Setting permissions for user %q in vhost %q ...", c.args[0], c.vhost)
	err := c.scoped(ctx, c.api.put(ctx, path("permissions", c.vhost, c.args[0]),
		map[string]string{"configure": c.args[1], "write": c.args[2], "read": c.args[3]}))
	var refusal *apiError
	if errors.As(err, &refusal) && c.words(ctx).CtlQuotesTexts {
		refusal.reason = oldText.ReplaceAllString(refusal.reason, "'$1'")
	}
	return err
}

var oldText = regexp.MustCompile(`~c"([^"]*)"`)

func (c *ctl) clearPermissions(ctx context.Context) error {
	c.say("Clearing permissions for user %q in vhost %q ...", c.args[0], c.vhost)
	return c.clear(ctx, path("permissions", c.vhost, c.args[0]))
}

// clear deletes what need not be there.
func (c *ctl) clear(ctx context.Context, at string) error {
	err := c.api.delete(ctx, at)
	if !isStatus(err, http.StatusNotFound) {
		return err
	}
	err = c.scoped(ctx, err)
	var missing *ctlError
	if errors.As(err, &missing) && c.words(ctx).CtlToldOfMissing {
		return err
	}
	return nil
}

func (c *ctl) setTopicPermissions(ctx context.Context) error {
	c.say("Setting topic permissions on %q for user %q in vhost %q ...", c.args[1], c.args[0], c.vhost)
	return c.scoped(ctx, c.api.put(ctx, path("topic-permissions", c.vhost, c.args[0]),
		map[string]string{"exchange": c.args[1], "write": c.args[2], "read": c.args[3]}))
}

func (c *ctl) clearTopicPermissions(ctx context.Context) error {
	c.say("Clearing topic permissions for user %q in vhost %q ...", c.args[0], c.vhost)
	return c.clear(ctx, path(append([]string{"topic-permissions", c.vhost}, c.args...)...))
}
