package dev.lateen.proxycore;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;

/**
 * A place in an xDS resource, for messages: {@code listener "0.0.0.0_80" filter_chains[0].filters[1]}.
 *
 * @param resource kind and name, such as {@code listener "0.0.0.0_80"}
 * @param path field path inside, in the names of the protobuf definition; empty for the whole resource
 */
public record Place(String resource, String path) {
    /** As Istio bounds those of its rules. */
    private static final int LONGEST_PATTERN = 1024;

    /** The whole resource. */
    public static Place of(String kind, String name) {
        return new Place(kind + " \"" + name + "\"", "");
    }

    public Place field(String name) {
        return new Place(resource, path.isEmpty() ? name : path + "." + name);
    }

    public Place item(String name, int index) {
        return field(name + "[" + index + "]");
    }

    /** Adds a name in brackets to the last step, to tell items of a list apart by more than their number. */
    public Place named(String name) {
        return name.isEmpty() ? this : new Place(resource, path + "(" + name + ")");
    }

    /** The exception that refuses what stands here; to be thrown by the caller. */
    public CompileException refuse(String reason) {
        return new CompileException(this, reason);
    }

    /**
     * Refuses a message that sets any other field than these: where fewer mean something than {@link KnownFields}
     * knows.
     *
     * @param fields names of the protobuf definition that mean something here
     */
    public void only(Message message, String... fields) throws CompileException {
        for (FieldDescriptor set : message.getAllFields().keySet()) {
            if (!Arrays.asList(fields).contains(set.getName())) {
                throw field(set.getName())
                        .refuse("not supported: " + set.getContainingType().getName() + "." + set.getName());
            }
        }
    }

    /** This message, unless it sets a field, itself or in a message inside it, that means nothing here. */
    public <T extends Message> T known(T message) throws CompileException {
        KnownFields.check(message, this);
        return message;
    }

    /** The message inside, or a refusal that names the type or a field that means nothing here. */
    public <T extends Message> T unpack(Any any, Class<T> type) throws CompileException {
        try {
            return known(any.unpack(type));
        } catch (InvalidProtocolBufferException e) {
            throw refuse("cannot read " + any.getTypeUrl() + " as " + type.getSimpleName() + ": " + e.getMessage());
        }
    }

    /**
     * A protobuf duration.
     *
     * @throws CompileException when it is negative or too long for milliseconds in 63 bits
     */
    public Duration duration(com.google.protobuf.Duration value) throws CompileException {
        if (value.getSeconds() < 0 || value.getNanos() < 0 || value.getSeconds() > 315_576_000_000L) {
            throw refuse("not a duration: " + value.getSeconds() + " s " + value.getNanos() + " ns");
        }
        return Duration.ofSeconds(value.getSeconds(), value.getNanos());
    }

    /** An unsigned number that must fit a Java int. */
    public int number(UInt32Value value) throws CompileException {
        if (value.getValue() < 0) {
            return Integer.MAX_VALUE; // above 2^31: as good as unlimited wherever xDS uses uint32 for a limit
        }
        return value.getValue();
    }

    /** An address literal; names are refused, nothing is ever resolved here. */
    public InetAddress literal(String text) throws CompileException {
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            throw refuse("not an IP address: \"" + text + "\"");
        }
    }

    /**
     * A pattern of RE2 in linear time, of at most 1024 characters.
     *
     * @throws CompileException when it is longer, would be written out more than a thousand times, or re2j does not take it
     */
    public Pattern pattern(String regex) throws CompileException {
        if (regex.length() > LONGEST_PATTERN) {
            throw refuse("a regular expression of more than " + LONGEST_PATTERN + " characters");
        }
        if (Repetitions.of(regex) > Repetitions.MOST) {
            throw refuse("not a regular expression of RE2: repetitions within repetitions come to more than "
                    + Repetitions.MOST);
        }
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw refuse("not a regular expression of RE2: " + e.getMessage());
        }
    }

    @Override
    public String toString() {
        return path.isEmpty() ? resource : resource + " " + path;
    }
}
