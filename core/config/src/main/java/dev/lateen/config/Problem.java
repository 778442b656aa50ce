package dev.lateen.config;

import org.jspecify.annotations.Nullable;

/**
 * Something wrong with an object of configuration.
 *
 * @param level an error keeps the object, or the named part of it, from working; a warning does not
 * @param origin where the object was written
 * @param path the field, as {@code spec.http[0].retries.attempts}; empty for the whole object
 * @param message what is wrong and what to do, without the place
 * @param shadowedBy the object that says the same and comes first; null when nothing of the kind is wrong
 */
public record Problem(
        Level level,
        Origin origin,
        String path,
        String message,
        @Nullable ObjectName shadowedBy) {
    public Problem(Level level, Origin origin, String path, String message) {
        this(level, origin, path, message, null);
    }

    /** How bad it is. */
    public enum Level {
        ERROR,
        WARNING
    }

    public static Problem error(Origin origin, String path, String message) {
        return new Problem(Level.ERROR, origin, path, message);
    }

    public static Problem warning(Origin origin, String path, String message) {
        return new Problem(Level.WARNING, origin, path, message);
    }

    /** An object, or the named part of it, that has no effect beside another one. */
    public static Problem shadowed(Origin origin, String path, String message, ObjectName by) {
        return new Problem(Level.ERROR, origin, path, message, by);
    }

    public boolean isError() {
        return level == Level.ERROR;
    }

    /** One line: place, field, message. */
    @Override
    public String toString() {
        String where = origin.at(path) + ": " + (level == Level.WARNING ? "warning: " : "");
        return path.isEmpty() ? where + message : where + path + ": " + message;
    }
}
