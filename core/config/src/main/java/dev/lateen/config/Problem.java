package dev.lateen.config;

/**
 * Something wrong with an object of configuration.
 *
 * @param level an error keeps the object, or the named part of it, from working; a warning does not
 * @param origin where the object was written
 * @param path the field, as {@code spec.http[0].retries.attempts}; empty for the whole object
 * @param message what is wrong and what to do, without the place
 */
public record Problem(Level level, Origin origin, String path, String message) {
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
