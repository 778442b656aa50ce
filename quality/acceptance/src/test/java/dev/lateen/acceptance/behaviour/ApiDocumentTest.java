package dev.lateen.acceptance.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ApiDocumentTest {
    @Test
    void theDocumentIsWhatTheRecordsAndCasesSay() throws IOException {
        assertThat(Files.readString(ApiDocument.FILE))
                .as("run dev.lateen.acceptance.behaviour.ApiDocument in quality/acceptance to write docs/api.md anew")
                .isEqualTo(ApiDocument.expected());
    }

    @Test
    void everyFieldIsProvenOrRefused() throws IOException {
        assertThat(ApiDocument.unproven()).isEmpty();
    }

    @Test
    void testsBesideTheSuiteExistAndSetTheFieldsThatTheyProve() throws IOException {
        List<String> faults = new ArrayList<>();
        for (Map.Entry<String, OtherProof> each : OtherProof.ALL.entrySet()) {
            String fault = each.getValue().fault(each.getKey());
            if (!fault.isEmpty()) {
                faults.add(fault);
            }
        }
        assertThat(faults).isEmpty();
    }

    @Test
    void whatIsListedBesideTheCasesStandsInARow() throws IOException {
        assertThat(ApiDocument.idle()).isEmpty();
    }

    @Test
    void casesProveFieldsThatExist() throws IOException {
        assertThat(ApiDocument.unknown()).isEmpty();
    }
}
