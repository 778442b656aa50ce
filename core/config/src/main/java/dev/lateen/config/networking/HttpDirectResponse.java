package dev.lateen.config.networking;

import dev.lateen.config.shape.Base64;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/** Answers without asking anyone. */
public record HttpDirectResponse(
        @Required @Range(min = 200, max = 599) int status,
        @Nullable Body body) {
    /** The content of the answer. */
    public sealed interface Body {
        /** As text. */
        record Text(@Named("string") String text) implements Body {}

        /** As bytes, in base64. */
        record Bytes(@Base64 String bytes) implements Body {}
    }
}
