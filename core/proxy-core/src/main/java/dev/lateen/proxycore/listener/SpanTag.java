package dev.lateen.proxycore.listener;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A tag that spans get beside those of all spans ({@code envoy.type.tracing.v3.CustomTag}). */
public sealed interface SpanTag {
    /** What the tag is called. */
    String name();

    /**
     * Its value for a request that is over; null: the span has no such tag.
     *
     * @param environment variables of the proxy by name
     */
    @Nullable
    String value(FormatContext stream, Function<String, @Nullable String> environment);

    /** Whether it asks for points of time that are noted only for it ({@link Operator#isTimed}). */
    default boolean timed() {
        return false;
    }

    /** The same value for all. */
    record Literal(String name, String value) implements SpanTag {
        @Override
        public String value(FormatContext stream, Function<String, @Nullable String> environment) {
            return value;
        }
    }

    /** A variable. */
    record Environment(String name, String variable, String otherwise) implements SpanTag {
        @Override
        public @Nullable String value(FormatContext stream, Function<String, @Nullable String> environment) {
            return known(environment.apply(variable), otherwise);
        }
    }

    /** A field of the head. */
    record Header(String name, HeaderRef header, String otherwise) implements SpanTag {
        @Override
        public @Nullable String value(FormatContext stream, Function<String, @Nullable String> environment) {
            RequestHead request = stream.request();
            return known(request == null ? null : header.in(request), otherwise);
        }
    }

    /** A format of access logs, in which commands without a value are nothing. */
    record Formatted(String name, Format format, boolean timed) implements SpanTag {
        /** Field {@code value} of the message, which the published ones do not have yet. */
        private static final int VALUE = 6;

        Formatted(String name, Format format) {
            this(name, format, format.operators().stream().anyMatch(Operator::isTimed));
        }

        @Override
        public @Nullable String value(FormatContext stream, Function<String, @Nullable String> environment) {
            String text = format.render(stream, "");
            return text.isEmpty() ? null : ByteText.decode(text);
        }
    }

    private static @Nullable String known(@Nullable String value, String otherwise) {
        return value != null ? value : otherwise.isEmpty() ? null : otherwise;
    }

    /** @param ignored takes a sentence for each of a form that is not known: a tag must not keep a listener from working */
    static List<SpanTag> all(List<CustomTag> protos, Place at, List<String> ignored) throws CompileException {
        List<SpanTag> tags = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            CustomTag proto = protos.get(i);
            Place here = at.item("custom_tags", i).named(proto.getTag());
            List<ByteString> format =
                    proto.getUnknownFields().getField(Formatted.VALUE).getLengthDelimitedList();
            if (!format.isEmpty()) { // of one of a choice the last one on the wire counts
                formatted(proto.getTag(), format.getLast().toStringUtf8(), here, tags, ignored);
                continue;
            }
            switch (proto.getTypeCase()) {
                case LITERAL ->
                    tags.add(new Literal(proto.getTag(), proto.getLiteral().getValue()));
                case ENVIRONMENT ->
                    tags.add(new Environment(
                            proto.getTag(),
                            proto.getEnvironment().getName(),
                            proto.getEnvironment().getDefaultValue()));
                case REQUEST_HEADER ->
                    tags.add(new Header(
                            proto.getTag(),
                            HeaderRef.of(proto.getRequestHeader().getName(), here),
                            proto.getRequestHeader().getDefaultValue()));
                case METADATA, TYPE_NOT_SET ->
                    ignored.add(here + ": a tag of this form is not known: " + proto.getTypeCase());
            }
        }
        return List.copyOf(tags);
    }

    private static void formatted(String name, String format, Place at, List<SpanTag> tags, List<String> ignored) {
        try {
            tags.add(new Formatted(name, Format.parse(format, at.field("value"))));
        } catch (CompileException e) {
            ignored.add(String.valueOf(e.getMessage()));
        }
    }
}
