package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/lock"
	"github.com/fusemoe/fusemoe/sdk/command"
)

// verified returns the path from which the plugin at path is to run: that of a copy with
// the hash that is locked. dir is where the config says that plugins are, or empty.
func (o options) verified(plugin, path, dir string) (string, error) {
	if o.dev != nil {
		o.dev.Do(func() { o.log.Warn().Msg("plugins run as they are, locked or not, because --dev says so") })
		return path, nil
	}
	locked, err := lock.Read(o.lockFile)
	if err != nil {
		return "", err
	}
	copies, err := copiesDir()
	if err != nil {
		return "", err
	}
	copied, err := locked.Open(plugin, path, copies)
	mend := "fusemoe plugin lock " + plugin
	if dir != "" && !strings.ContainsRune(plugin, '/') {
		mend += " --dir " + dir
	}
	_, changed := errors.AsType[*lock.MismatchError](err)
	switch {
	case errors.Is(err, lock.ErrUnlocked):
		return "", fmt.Errorf("plugin %s: it is not locked in %s, so it does not run; if you trust what is at %s, run `%s`, "+
			"and while you write it use --dev", plugin, o.lockFile, path, mend)
	case changed:
		return "", fmt.Errorf("plugin %s: %w; if the change is right, run `%s`", plugin, err, mend)
	case err != nil:
		return "", fmt.Errorf("plugin %s: %w", plugin, err)
	}
	return copied, nil
}

// copiesDir is where the copies of plugins are that run.
func copiesDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(dir, "fusemoe", "plugins"), nil
}

// PluginToLock is a plugin that is to be locked.
type PluginToLock struct {
	// Name is a path, or the name of what lies in the folder Dir, or in the usual places
	// where that is empty.
	Name, Dir string
	// Env are the names of further environment variables that it sees.
	Env []string
	// Sandbox confines it; nil: nothing does.
	Sandbox *host.Sandbox
}

// LockPlugin puts a plugin as it is now into the lock file. It starts the plugin to ask for
// its version.
func LockPlugin(ctx context.Context, log zerolog.Logger, lockFile string, p PluginToLock) (lock.Entry, error) {
	fail := func(err error) (lock.Entry, error) { return lock.Entry{}, fmt.Errorf("lock: %w", err) }
	path, err := FindPlugin(p.Name, p.Dir)
	if err != nil {
		return fail(err)
	}
	if lockFile, err = filepath.Abs(lockFile); err != nil {
		return fail(err)
	}
	locked, err := lock.Read(lockFile)
	if err != nil {
		return fail(err)
	}
	entry := lock.Entry{Path: path}
	if near, err := filepath.Rel(filepath.Dir(lockFile), path); err == nil && filepath.IsLocal(near) {
		entry.Path = near // so that the file means the same in another checkout
	}
	if entry.Hash, err = lock.Hash(path); err != nil {
		return fail(err)
	}
	copies, err := copiesDir()
	if err != nil {
		return fail(err)
	}
	// What is asked is what will run.
	copied, err := lock.Copy(path, entry.Hash, copies)
	if err != nil {
		return fail(err)
	}
	argv, err := command.Of(copied)
	if err != nil {
		return fail(err)
	}
	if p.Sandbox != nil {
		p.Sandbox.Read = append(p.Sandbox.Read, copied)
	}
	described, err := host.Describe(ctx, log, host.Spec{Name: filepath.Base(path), Command: argv, Env: p.Env, Sandbox: p.Sandbox})
	if err != nil {
		return fail(err)
	}
	entry.Version = described.GetVersion()
	locked.Plugins[p.Name] = entry
	return entry, locked.Write(lockFile)
}
