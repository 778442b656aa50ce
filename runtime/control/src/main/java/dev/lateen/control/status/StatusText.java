package dev.lateen.control.status;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is to stand in an object's {@code status}; two that are equal need not be written twice. */
public sealed interface StatusText permits ObjectStatus, RefusalEvent, ReportStatus {
    /**
     * The document to write, null when the object says the same already. What others have written stays; a condition that
     * keeps its status keeps the time of its last transition.
     *
     * @param current {@code status} of the object as it is; null for none
     */
    @Nullable
    Map<String, Object> next(@Nullable Object current, Instant now);

    /** How long it need not be written, since it may say something else by then; zero for what is settled. */
    default Duration patience() {
        return Duration.ZERO;
    }
}
