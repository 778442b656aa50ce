package dev.lateen.mesh.translate;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The host names that proxies answer DNS questions for, as {@code istio.networking.nds.v1.NameTable} (istio/istio,
 * pkg/dns/proto): a service's addresses; for a headless service those of its pods, each pod also by its own name.
 */
final class NameTable {
    /** The one resource of its type; receivers do not ask for its name. */
    private static final String NAME = "name-table";

    private static final Descriptor TABLE = descriptor();
    private static final Descriptor ENTRY = TABLE.findNestedTypeByName("TableEntry");
    private static final Descriptor INFO = TABLE.findNestedTypeByName("NameInfo");

    private record NameInfo(List<String> addresses, String registry, String shortName, String namespace) {}

    private NameTable() {}

    /** The table by its resource's name; nothing for proxies that do not answer. */
    static Map<String, Message> of(Scope scope) {
        return scope.answersDns() ? Map.of(NAME, message(infos(scope))) : Map.of();
    }

    private static Map<String, NameInfo> infos(Scope scope) {
        Map<String, NameInfo> infos = new TreeMap<>();
        for (MeshService service : scope.services()) {
            List<String> addresses = service.addresses().stream()
                    .filter(address -> address.indexOf('/') < 0)
                    .toList();
            if (service.isHeadless()) {
                addresses = pods(scope, service);
                scope.hostNames(service).forEach((pod, at) -> {
                    String shortName = pod + "." + service.source().name();
                    infos.put(
                            pod + "." + service.host(), new NameInfo(at, "Kubernetes", shortName, service.namespace()));
                });
            }
            if (!addresses.isEmpty()) {
                boolean kubernetes = service.kind() == MeshService.Kind.KUBERNETES;
                infos.put(
                        service.host(),
                        new NameInfo(
                                addresses,
                                kubernetes ? "Kubernetes" : "External",
                                kubernetes ? service.source().name() : "",
                                kubernetes ? service.namespace() : ""));
            }
        }
        return infos;
    }

    private static List<String> pods(Scope scope, MeshService service) {
        for (MeshPort port : service.ports()) {
            List<String> addresses = scope.endpoints(service, port).stream()
                    .map(Endpoint::address)
                    .distinct()
                    .toList();
            if (!addresses.isEmpty()) {
                return addresses;
            }
        }
        return List.of();
    }

    private static Message message(Map<String, NameInfo> infos) {
        DynamicMessage.Builder table = DynamicMessage.newBuilder(TABLE);
        infos.forEach((host, info) -> {
            DynamicMessage.Builder value = DynamicMessage.newBuilder(INFO);
            info.addresses().forEach(ip -> value.addRepeatedField(INFO.findFieldByName("ips"), ip));
            value.setField(INFO.findFieldByName("registry"), info.registry());
            value.setField(INFO.findFieldByName("shortname"), info.shortName());
            value.setField(INFO.findFieldByName("namespace"), info.namespace());
            table.addRepeatedField(
                    TABLE.findFieldByName("table"),
                    DynamicMessage.newBuilder(ENTRY)
                            .setField(ENTRY.findFieldByName("key"), host)
                            .setField(ENTRY.findFieldByName("value"), value.build())
                            .build());
        });
        return table.build();
    }

    /** The Envoy API has no class for it; the few fields are written down here. */
    private static Descriptor descriptor() {
        DescriptorProto info = DescriptorProto.newBuilder()
                .setName("NameInfo")
                .addField(field("ips", 1, Type.TYPE_STRING).setLabel(Label.LABEL_REPEATED))
                .addField(field("registry", 2, Type.TYPE_STRING))
                .addField(field("shortname", 3, Type.TYPE_STRING))
                .addField(field("namespace", 4, Type.TYPE_STRING))
                .build();
        DescriptorProto entry = DescriptorProto.newBuilder()
                .setName("TableEntry")
                .setOptions(MessageOptions.newBuilder().setMapEntry(true))
                .addField(field("key", 1, Type.TYPE_STRING))
                .addField(field("value", 2, Type.TYPE_MESSAGE).setTypeName("NameInfo"))
                .build();
        DescriptorProto table = DescriptorProto.newBuilder()
                .setName("NameTable")
                .addNestedType(info)
                .addNestedType(entry)
                .addField(field("table", 1, Type.TYPE_MESSAGE)
                        .setTypeName("TableEntry")
                        .setLabel(Label.LABEL_REPEATED))
                .build();
        FileDescriptorProto file = FileDescriptorProto.newBuilder()
                .setName("nds.proto")
                .setSyntax("proto3")
                .setPackage("istio.networking.nds.v1")
                .addMessageType(table)
                .build();
        try {
            return FileDescriptor.buildFrom(file, new FileDescriptor[0]).findMessageTypeByName("NameTable");
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException("The name table is described wrongly", e);
        }
    }

    private static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setType(type)
                .setLabel(Label.LABEL_OPTIONAL);
    }
}
