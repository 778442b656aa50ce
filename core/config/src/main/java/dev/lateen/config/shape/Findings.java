package dev.lateen.config.shape;

/** Where a {@link Checked} record says what is wrong with it. */
public interface Findings {
    /** The object cannot be honoured; {@code field} is relative to the record, empty for the record itself. */
    void error(String field, String message);

    /** The object is honoured, yet its author should know. */
    void warning(String field, String message);
}
