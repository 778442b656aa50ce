package dev.lateen.config.networking;

import dev.lateen.config.shape.Base64;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Answers without asking anyone. */
public record HttpDirectResponse(
        @Required @Range(min = 200, max = 599) int status,
        @Nullable Body body) {
    /** As many bytes as proxies are told to take for the content of an answer. */
    private static final int MOST = 1 << 20;

    /** From here on every proxy's table of routes grows by what people feel. */
    private static final int MANY = 100 << 10;

    private static void check(long bytes, String field, Findings findings) {
        if (bytes > MOST) {
            findings.error(field, "is longer than " + MOST + " bytes: serve it by an app");
        } else if (bytes > MANY) {
            findings.warning(field, "is longer than " + MANY + " bytes, which every proxy gets and keeps");
        }
    }

    /** The content of the answer. */
    public sealed interface Body {
        /** As text. */
        record Text(@Named("string") String text) implements Body, Checked {
            @Override
            public void check(Findings findings) {
                HttpDirectResponse.check(text.getBytes(StandardCharsets.UTF_8).length, "string", findings);
            }
        }

        /** As bytes, in base64. */
        record Bytes(@Base64 String bytes) implements Body, Checked {
            @Override
            public void check(Findings findings) {
                HttpDirectResponse.check(bytes.length() / 4L * 3 - 2, "bytes", findings);
            }
        }
    }
}
