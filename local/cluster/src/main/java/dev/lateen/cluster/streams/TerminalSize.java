package dev.lateen.cluster.streams;

import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The size of a client's terminal in characters, as it comes on the resize channel.
 *
 * @param width columns
 * @param height rows
 */
record TerminalSize(int width, int height) {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MAX = 0xffff;

    /** Reads {@code {"Width":80,"Height":24}}; empty when the text is not that. */
    static Optional<TerminalSize> parse(String text) {
        try {
            JsonNode size = JSON.readTree(text);
            int width = size.path("Width").asInt(-1);
            int height = size.path("Height").asInt(-1);
            return width < 0 || height < 0 || width > MAX || height > MAX
                    ? Optional.empty()
                    : Optional.of(new TerminalSize(width, height));
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }
}
