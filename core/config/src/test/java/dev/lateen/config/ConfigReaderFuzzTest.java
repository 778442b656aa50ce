package dev.lateen.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.shape.Structure;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The reader never throws, says something about everything it refuses, and reads what it writes. */
class ConfigReaderFuzzTest {
    private static final ConfigReader READER = new ConfigReader();

    private static final String SIGNS = "{}[]:,-*&!|>'\"%@`#? \n\t\0a1";

    private static final String GOOD = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: web, labels: &l {a: "b"}}
            spec:
              hosts: [web, "*.example.org"]
              http:
              - name: one
                match: [{headers: {cookie: {regex: "^(.*?;)?(a=b)(;.*)?$"}}}]
                route: [{destination: {host: web, subset: v1, port: {number: 80}}, weight: 10}]
                retries: {attempts: 3, perTryTimeout: 1s}
            ---
            apiVersion: v1
            kind: List
            items: [{apiVersion: v1, kind: Service, metadata: {name: a}}]
            """;

    @Property
    void anyText(@ForAll @StringLength(max = 400) String text) {
        check(READER.readText("f", text));
        check(READER.readApiObject(text));
        MeshConfig.read("f", text);
    }

    /** Bytes of a good text removed, doubled or replaced. */
    @Property
    void damagedText(@ForAll long seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder(GOOD);
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            int at = random.nextInt(text.length());
            int end = Math.min(text.length(), at + random.nextInt(1, 12));
            switch (random.nextInt(3)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, text.substring(at, end));
                default -> text.setCharAt(at, SIGNS.charAt(random.nextInt(SIGNS.length())));
            }
        }
        check(READER.readText("f", text.toString()));
    }

    @Property
    void anyTree(@ForAll long seed) {
        Random random = new Random(seed);
        Kind<?> kind = Kinds.all().get(random.nextInt(Kinds.all().size()));
        RandomTrees trees = new RandomTrees(random, 0.02);
        check(READER.readApiObject(object(kind, trees.of(Structure.of(kind.spec())))));
        check(READER.readApiObject(object(kind, trees.anything(5))));
        check(READER.readApiObject(trees.anything(5)));
    }

    @Property
    void readsWhatItWrites(@ForAll long seed) {
        Random random = new Random(seed);
        Kind<?> kind = Kinds.all().get(random.nextInt(Kinds.all().size()));
        Statistics.label("read").collect(kind.name() + (isReadAndWritten(kind, random) ? "" : " refused"));
    }

    /** Each kind is among what is read, or the property above would say nothing of it. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void readsObjectsOfEveryKind(Kind<?> kind) {
        int read = 0;
        for (int seed = 0; seed < 2_000 && read < 10; seed++) {
            read += isReadAndWritten(kind, new Random(seed)) ? 1 : 0;
        }
        assertThat(read).isEqualTo(10);
    }

    static List<Kind<?>> kinds() {
        return Kinds.all();
    }

    /** Whether an object by chance was not refused; what it is written as must mean the same. */
    private static boolean isReadAndWritten(Kind<?> kind, Random random) {
        RandomTrees trees = new RandomTrees(random, 0);
        ReadResult result = READER.readApiObject(object(kind, trees.of(Structure.of(kind.spec()))));
        for (ConfigObject<?> object : result.objects()) {
            ReadResult again = READER.readText("f", ConfigWriter.toYaml(object));
            assertThat(again.problems()).filteredOn(Problem::isError).isEmpty();
            assertThat(again.objects().getFirst().spec()).isEqualTo(object.spec());
            assertThat(again.objects().getFirst().metadata()).isEqualTo(object.metadata());
        }
        return !result.objects().isEmpty();
    }

    private static ObjectNode object(Kind<?> kind, JsonNode spec) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("apiVersion", kind.apiVersion()).put("kind", kind.name());
        object.putObject("metadata").put("name", "a").put("namespace", "b");
        object.set("spec", spec);
        return object;
    }

    private static void check(ReadResult result) {
        for (Problem problem : result.problems()) {
            assertThat(problem.message()).isNotBlank();
            assertThat(problem.toString()).isNotBlank();
        }
        assertThat(result.problems()).hasSizeLessThan(1000);
    }
}
