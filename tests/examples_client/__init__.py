"""Applications (JavaScript) that call the examples as the sample applications of Fabric call theirs."""
