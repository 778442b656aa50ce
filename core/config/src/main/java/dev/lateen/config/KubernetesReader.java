package dev.lateen.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads kinds of Kubernetes itself out of {@link RawObject}s, as fabric8's classes. */
public final class KubernetesReader {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private KubernetesReader() {}

    /**
     * The object as {@code type}, with its namespace filled in; null when it is ill-typed, which {@code problems} is
     * told.
     */
    public static <T extends HasMetadata> @Nullable T read(
            RawObject object, Class<T> type, Consumer<Problem> problems) {
        try {
            T read = MAPPER.readValue(object.tree().toString(), type);
            read.getMetadata().setNamespace(object.name().namespace());
            return read;
        } catch (JsonProcessingException e) {
            problems.accept(Problem.error(object.origin(), "", String.valueOf(e.getOriginalMessage())));
            return null;
        }
    }
}
