// OnsaleRehearsal
