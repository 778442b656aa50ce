package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every field of every message of xDS that this proxy reads: honoured, ignored for a reason, or refused by its name. */
class KnownFieldsTest {
    private static final Place HERE = Place.of("listener", "l");

    static Stream<String> messages() {
        return new TreeMap<>(KnownFields.rows()).keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("messages")
    void what_stands_in_the_table_is_taken_and_all_else_is_refused_by_its_name(String name) throws Exception {
        KnownFields.Row row = row(name);
        List<String> left = new ArrayList<>(row.honoured());
        left.addAll(row.ignored().keySet());
        assertThat(left).as("each field has one row").doesNotHaveDuplicates();
        assertThat(row.ignored().values()).as("each reason says something").noneMatch(String::isBlank);
        for (FieldDescriptor field : descriptor(name).getFields()) {
            DynamicMessage message = withOnly(field);
            if (left.remove(field.getName())) {
                HERE.known(message);
            } else {
                assertThatThrownBy(() -> HERE.known(message))
                        .isInstanceOf(CompileException.class)
                        .hasMessageContaining("listener \"l\" " + field.getName() + ": not supported: "
                                + field.getContainingType().getName() + "." + field.getName());
            }
        }
        assertThat(left).as("fields that the message does not have").isEmpty();
    }

    @Test
    void a_field_deep_inside_is_refused_with_its_path() {
        RouteConfiguration routes = RouteConfiguration.newBuilder()
                .addVirtualHosts(VirtualHost.newBuilder().setName("a"))
                .addVirtualHosts(VirtualHost.newBuilder()
                        .setName("b")
                        .setMatcher(com.github.xds.type.matcher.v3.Matcher.getDefaultInstance()))
                .build();
        assertThatThrownBy(() -> Place.of("route", "r").known(routes))
                .hasMessage("route \"r\" virtual_hosts[1](b).matcher: not supported: VirtualHost.matcher");
    }

    @Test
    void a_message_that_nobody_reads_is_refused_as_soon_as_it_says_something() throws Exception {
        HERE.known(Lua.getDefaultInstance());
        assertThatThrownBy(() -> HERE.known(Lua.newBuilder().setStatPrefix("x").build()))
                .hasMessageContaining("not supported: Lua.stat_prefix");
    }

    @Test
    void ignored_content_is_not_looked_into() throws Exception {
        HERE.known(Listener.newBuilder()
                .setConnectionBalanceConfig(Listener.ConnectionBalanceConfig.newBuilder()
                        .setExactBalance(Listener.ConnectionBalanceConfig.ExactBalance.getDefaultInstance()))
                .build());
    }

    private static KnownFields.Row row(String message) {
        return Objects.requireNonNull(KnownFields.rows().get(message), message);
    }

    /** A message with this field set, to nothing in particular. */
    private static DynamicMessage withOnly(FieldDescriptor field) {
        DynamicMessage.Builder message = DynamicMessage.newBuilder(field.getContainingType());
        Object value =
                switch (field.getJavaType()) {
                    case MESSAGE -> DynamicMessage.getDefaultInstance(field.getMessageType());
                    case ENUM -> field.getEnumType().getValues().getLast();
                    case BOOLEAN -> true;
                    case INT -> 1;
                    case LONG -> 1L;
                    case FLOAT -> 1f;
                    case DOUBLE -> 1d;
                    case STRING -> "x";
                    case BYTE_STRING -> com.google.protobuf.ByteString.copyFromUtf8("x");
                };
        return field.isRepeated()
                ? message.addRepeatedField(field, value).build()
                : message.setField(field, value).build();
    }

    /** The message of this name: its class is found by the rule by which protobuf names classes. */
    private static Descriptor descriptor(String name) throws ReflectiveOperationException {
        for (String candidate = "io.envoyproxy." + name; ; candidate = nested(candidate)) {
            try {
                return (Descriptor)
                        Class.forName(candidate).getMethod("getDescriptor").invoke(null);
            } catch (ClassNotFoundException e) {
                if (!candidate.contains(".")) {
                    throw e;
                }
            }
        }
    }

    private static String nested(String name) {
        int dot = name.lastIndexOf('.');
        return name.substring(0, dot) + "$" + name.substring(dot + 1);
    }

    @Test
    void the_table_is_read_whole() {
        assertThat(KnownFields.rows()).hasSizeGreaterThan(150);
        assertThat(row("envoy.config.listener.v3.Listener").honoured()).contains("name", "filter_chains");
        assertThat(row("envoy.config.listener.v3.Listener").ignored()).containsKey("drain_type");
    }
}
