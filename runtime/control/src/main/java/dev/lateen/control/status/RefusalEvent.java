package dev.lateen.control.status;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is said about an object whose status has no place for words, such as an Ingress: an Event that concerns it, as
 * {@code kubectl describe} shows it. The status stays as it is.
 *
 * @param generation of the object that is spoken of
 */
record RefusalEvent(String message, long generation) implements StatusText {
    /** What an Event can hold. */
    private static final int LONGEST = 1000;

    RefusalEvent {
        message = message.length() <= LONGEST ? message : message.substring(0, LONGEST) + " …";
    }

    @Override
    public @Nullable Map<String, Object> next(@Nullable Object current, Instant now) {
        return null;
    }
}
