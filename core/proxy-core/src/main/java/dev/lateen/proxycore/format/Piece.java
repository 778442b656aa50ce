package dev.lateen.proxycore.format;

import org.jspecify.annotations.Nullable;

/** A piece of a format. */
sealed interface Piece {
    /** Its text for a stream; null when there is none. */
    @Nullable
    String value(FormatContext context);

    /** Text that stands for itself. */
    record Literal(String text) implements Piece {
        @Override
        public String value(FormatContext context) {
            return text;
        }

        @Override
        public String toString() {
            return text.replace("%", "%%");
        }
    }

    /**
     * A command.
     *
     * @param written as it stands in the format
     * @param length how many characters of the value are taken at most
     */
    record Command(String written, Source source, int length) implements Piece {
        @Override
        public @Nullable String value(FormatContext context) {
            String value = source.read(context);
            return value == null || value.length() <= length ? value : value.substring(0, length);
        }

        @Override
        public String toString() {
            return written;
        }
    }
}
