package dev.lateen.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.lateen.proxycore.KnownFields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * That a field which the table of known fields calls honoured is one: some code of the proxy reads it, and what it is
 * compiled to is read by somebody again. By the code as it was compiled, so that a row cannot outlive its reader.
 */
final class HonouredFieldsTest {
    private static final JavaClasses PROXY = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.lateen.proxycore", "dev.lateen.proxy", "dev.lateen.analysis");

    /** What one of a choice says by being chosen: it has no content that could be read. */
    private static final Map<String, Set<String>> CHOICES = Map.of(
            "envoy.config.accesslog.v3.AccessLogFilter", Set.of("not_health_check_filter", "traceable_filter"),
            "envoy.config.rbac.v3.Permission", Set.of("any"),
            "envoy.config.rbac.v3.Principal", Set.of("any"),
            "envoy.config.route.v3.RateLimit.Action", Set.of("source_cluster", "destination_cluster", "remote_address"),
            "envoy.config.route.v3.RouteMatch", Set.of("connect_matcher"),
            "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement", Set.of("allow_missing"),
            // Whichever way names of fields are written, they go on as they came.
            "envoy.config.core.v3.Http1ProtocolOptions", Set.of("header_key_format"));

    /** Compiled parts that are only for those who look: names in messages and explanations. */
    private static final Set<String> FOR_PEOPLE = Set.of(
            "CompileException.place",
            "CompiledCluster$TransportMatch.name",
            "HttpConnectionManager.statPrefix",
            "JwtProvider.name",
            "RetryPolicy.avoidPreviousHosts", // what it decides is in hostSelectionAttempts
            "TcpProxy.statPrefix");

    @Test
    void each_honoured_field_has_a_reader() {
        Map<String, Set<String>> calls = calls();
        Map<String, Set<String>> unread = new TreeMap<>();
        descriptors(calls.keySet()).forEach((name, type) -> {
            KnownFields.Row row = KnownFields.rows().get(name);
            if (row != null) {
                Set<String> fields = new TreeSet<>(row.honoured());
                fields.removeAll(CHOICES.getOrDefault(name, Set.of()));
                fields.removeIf(
                        field -> reads(calls.getOrDefault(javaName(name), Set.of()), type.findFieldByName(field)));
                if (!fields.isEmpty()) {
                    unread.put(name, fields);
                }
            }
        });
        assertThat(unread).isEmpty();
    }

    @Test
    void each_field_that_is_read_stands_in_the_table() {
        Map<String, Set<String>> calls = calls();
        Map<String, Set<String>> unlisted = new TreeMap<>();
        descriptors(calls.keySet()).forEach((name, type) -> {
            KnownFields.Row row = KnownFields.rows().get(name);
            // Services and the own bootstrap are no configuration.
            if (row == null && !name.startsWith("envoy.config.") && !name.startsWith("envoy.extensions.")) {
                return;
            }
            Set<String> listed = row == null ? Set.of() : row.honoured();
            Set<String> fields = type.getFields().stream()
                    .filter(field -> reads(calls.getOrDefault(javaName(name), Set.of()), field))
                    .map(FieldDescriptor::getName)
                    .filter(field -> !listed.contains(field))
                    .collect(Collectors.toCollection(TreeSet::new));
            if (!fields.isEmpty() && !NOT_CONFIGURATION.contains(name)) {
                unlisted.put(name, fields);
            }
        });
        assertThat(unlisted).isEmpty();
    }

    private static final Set<String> NOT_CONFIGURATION = Set.of("envoy.config.core.v3.Node");

    /** The other half of "ignored": read into a table, and then looked at by nobody. */
    @Test
    void each_part_of_what_configuration_is_compiled_to_has_a_reader() {
        List<String> dead = new ArrayList<>();
        for (JavaClass type : PROXY) {
            if (!type.getPackageName().startsWith("dev.lateen.proxycore") || !isCompiledFromXds(type)) {
                continue;
            }
            for (JavaField field : type.getFields()) {
                String name = type.getName().substring(type.getName().lastIndexOf('.') + 1) + "." + field.getName();
                if (!field.getModifiers().contains(JavaModifier.STATIC)
                        && !FOR_PEOPLE.contains(name)
                        && !isRead(type, field)) {
                    dead.add(name);
                }
            }
        }
        assertThat(dead).isEmpty();
    }

    /** Whether one of its constructors or factories has a message of xDS, or it is part of one that has. */
    private static boolean isCompiledFromXds(JavaClass type) {
        JavaClass outer = type.getEnclosingClass().orElse(type);
        return Stream.of(type, outer)
                .flatMap(each -> each.getCodeUnits().stream())
                .anyMatch(unit -> unit.getRawParameterTypes().stream()
                        .anyMatch(parameter -> parameter.getName().startsWith("io.envoyproxy.")));
    }

    private static boolean isRead(JavaClass type, JavaField field) {
        boolean accessor = type.tryGetMethod(field.getName()).stream()
                .anyMatch(method -> !method.getAccessesToSelf().isEmpty());
        // The compiler's own methods of a record read all of its parts; they use no field access.
        boolean direct = field.getAccessesToSelf().stream()
                .filter(access -> access.getAccessType() == JavaFieldAccess.AccessType.GET)
                .anyMatch(access -> !access.getOrigin().getName().equals(field.getName())
                        || !access.getOrigin().getRawParameterTypes().isEmpty());
        boolean byInterface = type.getAllRawInterfaces().stream()
                .flatMap(each -> each.tryGetMethod(field.getName()).stream())
                .anyMatch(method -> !method.getAccessesToSelf().isEmpty());
        return accessor || direct || byInterface;
    }

    /** Methods of Envoy's messages that are called, by class. */
    private static Map<String, Set<String>> calls() {
        Map<String, Set<String>> calls = new HashMap<>();
        for (JavaClass type : PROXY) {
            for (JavaCodeUnitAccess<?> access : Stream.<JavaCodeUnitAccess<?>>concat(
                            type.getMethodCallsFromSelf().stream(), type.getMethodReferencesFromSelf().stream())
                    .toList()) {
                AccessTarget target = access.getTarget();
                String owner = target.getOwner().getName();
                if (owner.startsWith("io.envoyproxy.") && !owner.endsWith("$Builder")) {
                    calls.computeIfAbsent(owner, _ -> new HashSet<>()).add(target.getName());
                }
            }
        }
        return calls;
    }

    private static Map<String, Descriptor> descriptors(Set<String> classes) {
        Map<String, Descriptor> descriptors = new TreeMap<>();
        for (String name : classes) {
            try {
                Class<?> type = Class.forName(name);
                if (Message.class.isAssignableFrom(type)) {
                    Descriptor descriptor =
                            (Descriptor) type.getMethod("getDescriptor").invoke(null);
                    descriptors.put(descriptor.getFullName(), descriptor);
                }
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(name, e);
            }
        }
        // What is in the table and read by nobody at all has no reader for any field either.
        return descriptors;
    }

    private static String javaName(String message) {
        String[] parts = message.split("\\.");
        StringBuilder name = new StringBuilder("io.envoyproxy");
        boolean nested = false;
        for (String part : parts) {
            name.append(nested ? '$' : '.').append(part);
            nested |= Character.isUpperCase(part.charAt(0));
        }
        return name.toString();
    }

    /** Whether one of these methods is a getter of the field. */
    private static boolean reads(Set<String> methods, FieldDescriptor field) {
        StringBuilder camel = new StringBuilder();
        boolean upper = true;
        for (char c : field.getName().toCharArray()) {
            if (c == '_') {
                upper = true;
            } else {
                camel.append(upper ? Character.toUpperCase(c) : c);
                upper = Character.isDigit(c);
            }
        }
        return Stream.of("", "List", "Map", "Count", "Value", "OrDefault", "OrThrow")
                        .anyMatch(end -> methods.contains("get" + camel + end))
                || methods.contains("has" + camel)
                || methods.contains("contains" + camel);
    }

    @Test
    void each_message_of_the_table_has_a_reader() {
        Set<String> read = calls().keySet();
        assertThat(KnownFields.rows().entrySet().stream()
                        .filter(row -> !row.getValue().honoured().isEmpty())
                        .map(row -> javaName(row.getKey()))
                        .filter(name -> !read.contains(name)))
                .isEmpty();
    }
}
